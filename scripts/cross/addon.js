'use strict'

// Compiles the addon for any platform as it is published: for glibc 2.17, without paths of this machine, and with its
// symbols in a separate file.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { ROOT, Failure, run } = require('../support')
const { compile } = require('../build')
const { rustFor } = require('./rust')
const { zig } = require('./zig')

const OUTPUT = path.join(ROOT, 'target', 'platforms')
/** The glibc of RHEL 7 (2014), which Rust requires too. */
const GLIBC = '2.17'
const MACOS = '11.0'

/** Settings that compile in seconds instead of minutes. The addon differs only in size and speed. */
const QUICK = {
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '1'
}
const SYMBOLS = { CARGO_PROFILE_RELEASE_STRIP: 'none', CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only' }

/**
 * @param {import('../platform').Platform} platform
 * @param {{ quick?: boolean }} [options]
 * @returns {{ library: string, symbols: string, builder: string, target: string }} the files, and the tools that
 * built them
 */
function compileAddon (platform, { quick = false } = {}) {
  const { command, target, env, flags = [], linker } = wayTo(platform)
  const rust = rustFor(target, flags)
  // cargo-zigbuild takes the version of glibc as a part of the target.
  const named = rust.args.map((arg) => arg === target && platform.libc === 'glibc' ? `${target}.${GLIBC}` : arg)
  const whole = compile([command, '--release', '-p', 'faye-websocket-binding', ...named], {
    ...process.env,
    CARGO_TARGET_DIR: OUTPUT,
    ...env,
    ...rust.env,
    ...(quick ? QUICK : SYMBOLS)
  })
  const builder = [rust.compiler, linker].filter(Boolean).join(', ')
  return { ...withoutSymbols(whole, platform), builder, target }
}

/**
 * Returns the command, its target, variables and compiler flags, and the name of the linker. Downloads missing tools.
 */
function wayTo (platform) {
  const { name, target, libc } = platform
  if (libc === 'musl') return { command: 'zigbuild', target, flags: ['-Ctarget-feature=-crt-static'], ...zig() }
  if (libc === 'glibc') return { command: 'zigbuild', target, ...zig() }
  if (platform.os === process.platform) {
    // Without this flag, the linker writes the path of the symbols on this machine into the library.
    const flags = platform.os === 'win32' ? ['-Clink-arg=/PDBALTPATH:%_PDB%'] : []
    const env = { MACOSX_DEPLOYMENT_TARGET: MACOS }
    return { command: 'build', target, flags, env, linker: `the linker of ${os.type()}` }
  }
  if (platform.os === 'darwin') {
    const { env, linker } = zig()
    return { command: 'zigbuild', target, env: { ...env, MACOSX_DEPLOYMENT_TARGET: MACOS }, linker }
  }
  if (platform.cpu !== 'x64') throw new Failure(`${name} can be built only on Windows.`)
  const { env, linker } = zig()
  env.LIBNODE_PATH = emptyLibraries()
  return { command: 'zigbuild', target: 'x86_64-pc-windows-gnu', env, linker }
}

/**
 * Creates empty archives for libraries that the linker requires and the addon does not need. One is Node's, whose
 * functions the feature dyn-symbols looks up when the addon is loaded. The other is gcc's, whose functions zig
 * provides itself.
 */
function emptyLibraries () {
  const folder = path.join(OUTPUT, 'empty')
  fs.mkdirSync(folder, { recursive: true })
  for (const name of ['node', 'ssp_nonshared']) fs.writeFileSync(path.join(folder, `lib${name}.a`), '!<arch>\n')
  fs.writeFileSync(path.join(folder, 'libnode.dll'), '')
  return folder
}

/** Copies the library without its symbols, and stores those in a separate file. */
function withoutSymbols (whole, { name, os }) {
  const symbols = path.join(OUTPUT, 'symbols', `faye-websocket.${name}.debug`)
  const library = path.join(OUTPUT, 'stripped', `faye-websocket.${name}.node`)
  for (const file of [symbols, library]) fs.mkdirSync(path.dirname(file), { recursive: true })
  if (process.platform === 'win32') {
    // MSVC writes the symbols into a separate file.
    fs.copyFileSync(whole.replace(/\.dll$/, '.pdb'), symbols)
    return { library: whole, symbols }
  }
  fs.copyFileSync(whole, symbols)
  const { program, env } = objcopy()
  run(program, [...(os === 'darwin' ? ['--strip-debug', '--discard-all'] : ['--strip-all']), whole, library], { env })
  return { library, symbols }
}

/** Returns rustup's objcopy, which reads the files of all systems, with variables that let it find its library. */
function objcopy () {
  const ask = (...args) => spawnSync('rustc', args, { encoding: 'utf8' }).stdout
  const [, host] = /^host: (.+)$/m.exec(ask('--version', '--verbose')) ?? []
  const libraries = path.join(ask('--print', 'sysroot').trim(), 'lib')
  const program = path.join(libraries, 'rustlib', host, 'bin', 'rust-objcopy')
  if (!fs.existsSync(program)) throw new Failure(`${program} is missing: install Rust with rustup, which provides it.`)
  return { program, env: { ...process.env, LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries } }
}

module.exports = { compileAddon, wayTo, GLIBC, OUTPUT }
