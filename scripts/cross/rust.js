'use strict'

// The compiler for a target: rustup's, if it has the standard library of the target (`rustup target add`). Otherwise,
// Debian's rustc with the source of its standard library, which cargo compiles in the build. The latter works for
// every target, and needs only Debian's packages.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { ROOT, Failure } = require('../support')
const { cached, isCached, writeProgram } = require('./cache')
const { unpackPackages } = require('./debian')
const { RUST, RUST_PACKAGES } = require('./versions')

const WASM = 'wasm32-unknown-unknown'
const HOST_LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu']
/** Unused parts of Debian's source package: the compiler itself, and copies of crates that cargo downloads anyway. */
const UNUSED = ['compiler', 'debian', 'src', 'library/vendor']
const DEBIAN_RUST = `rust-${RUST.replace('*', 'any')}`
/** The crates of the standard library, by how a panic ends. */
const CRATES = { abort: 'std,panic_abort', unwind: 'std,panic_unwind' }

/**
 * Returns the settings with which cargo compiles for a target. Downloads missing tools.
 *
 * @param {string} target a triple
 * @param {string[]} [flags] flags of the compiler
 * @returns {{ env: Record<string, string>, args: string[], compiler: string }} additional variables and arguments,
 * and the name of the compiler
 */
function rustFor (target, flags = []) {
  if (hasStandardLibrary(target)) {
    const env = { [variable(target, 'RUSTFLAGS')]: [...flags, ...withoutPaths(sysroot())].join(' ') }
    return { env, args: ['--target', target], compiler: version('rustc') }
  }
  if (`${process.platform} ${process.arch}` !== 'linux x64' || !fs.existsSync('/usr/bin/apt-get')) {
    throw new Failure(`Rust's standard library for ${target} is missing: run rustup target add ${target}`)
  }
  const folder = debianRust()
  const rustc = path.join(folder, 'bin', 'rustc')
  return {
    env: {
      RUSTC: rustc,
      // cargo's -Z flags are unstable.
      RUSTC_BOOTSTRAP: '1',
      [variable(target, 'RUSTFLAGS')]: [...flags, ...withoutPaths(path.join(folder, 'usr'))].join(' '),
      ...(target === WASM ? { [variable(target, 'LINKER')]: path.join(folder, 'bin', 'wasm-ld') } : {})
    },
    args: ['--target', target, `-Zbuild-std=${target === WASM ? CRATES.abort : CRATES.unwind}`],
    compiler: `${version(rustc)} of Debian`
  }
}

/**
 * Returns whether `rustFor` can work without a download.
 *
 * @param {string} target
 */
function hasRustFor (target) {
  return hasStandardLibrary(target) || isCached(DEBIAN_RUST)
}

/**
 * Returns the name of cargo's variable for one target. It does not apply to build scripts and macros, which run on
 * this machine.
 */
function variable (target, name) {
  return `CARGO_TARGET_${target.toUpperCase().replace(/-/g, '_')}_${name}`
}

/**
 * Returns flags that replace paths of this machine in messages of panics, which name source files.
 *
 * @param {string} rust the compiler's folder
 */
function withoutPaths (rust) {
  const cargo = process.env.CARGO_HOME || path.join(os.homedir(), '.cargo')
  // If several match, the last one applies.
  return [[ROOT, '/faye-websocket'], [cargo, '/cargo'], [path.join(rust, 'lib/rustlib/src/rust'), '/rust']]
    .map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
}

function sysroot () {
  return spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).stdout.trim()
}

/** @param {string} target */
function hasStandardLibrary (target) {
  const { status, stdout } = spawnSync('rustc', ['--print', 'target-libdir', '--target', target], { encoding: 'utf8' })
  return status === 0 && fs.existsSync(stdout.trim()) && fs.readdirSync(stdout.trim()).length > 0
}

function version (rustc) {
  return spawnSync(rustc, ['--version'], { encoding: 'utf8' }).stdout.trim().split(' ').slice(0, 2).join(' ')
}

function debianRust () {
  return cached(DEBIAN_RUST, (folder, final) => {
    unpackPackages(RUST_PACKAGES, folder)
    const source = fs.realpathSync(path.join(folder, 'usr/lib/rustlib/src/rust'))
    for (const name of UNUSED) fs.rmSync(path.join(source, name), { recursive: true, force: true })
    writeProgram(path.join(folder, 'bin/rustc'), launcher(final, 'usr/bin/rustc', '--sysroot', path.join(final, 'usr')))
    writeProgram(path.join(folder, 'bin/wasm-ld'), launcher(final, 'usr/lib/llvm-22/bin/wasm-ld'))
  })
}

/**
 * Returns a script that starts a program with Debian's libraries. LD_LIBRARY_PATH would also apply to its child
 * processes.
 */
function launcher (folder, program, ...args) {
  const libraries = HOST_LIBRARIES.map((name) => path.join(folder, name)).join(':')
  const words = ['--library-path', libraries, path.join(folder, program), ...args].map((word) => `'${word}'`)
  return `#!/bin/sh\nexec /lib64/ld-linux-x86-64.so.2 ${words.join(' ')} "$@"\n`
}

module.exports = { hasRustFor, rustFor, WASM }
