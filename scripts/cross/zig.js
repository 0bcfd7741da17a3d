'use strict'

// zig as linker and C compiler for other C libraries and systems. It contains their headers and stubs, including old
// glibcs and macOS. cargo-zigbuild makes cargo use it. Both come as wheels.

const fs = require('node:fs')
const path = require('node:path')
const { CACHE, cached } = require('./cache')
const { unpackWheel } = require('./pypi')
const { ZIG, CARGO_ZIGBUILD } = require('./versions')

/** @returns {{ env: Record<string, string>, linker: string }} the variables for `cargo zigbuild` */
function zig () {
  const folder = cached(`zig-${ZIG}-zigbuild-${CARGO_ZIGBUILD}`, (folder) => {
    unpackWheel(`ziglang==${ZIG}`, folder)
    unpackWheel(`cargo-zigbuild==${CARGO_ZIGBUILD}`, folder)
    // Python's zipfile does not restore permissions.
    fs.chmodSync(path.join(folder, 'ziglang/zig'), 0o755)
    fs.mkdirSync(path.join(folder, 'bin'))
    fs.copyFileSync(path.join(folder, `cargo_zigbuild-${CARGO_ZIGBUILD}.data/scripts/cargo-zigbuild`),
      path.join(folder, 'bin/cargo-zigbuild'))
    fs.chmodSync(path.join(folder, 'bin/cargo-zigbuild'), 0o755)
  })
  return {
    env: {
      PATH: path.join(folder, 'bin') + path.delimiter + process.env.PATH,
      CARGO_ZIGBUILD_ZIG_PATH: path.join(folder, 'ziglang', 'zig'),
      CARGO_ZIGBUILD_CACHE_DIR: path.join(CACHE, 'zigbuild-cache'),
      ZIG_GLOBAL_CACHE_DIR: path.join(CACHE, 'zig-cache')
    },
    linker: `zig ${ZIG}`
  }
}

module.exports = { zig }
