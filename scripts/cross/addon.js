'use strict'

// Compiles the addon for a platform, this one or another, the way it is published: on a glibc of 2014, without paths of
// this machine, its symbols in a file apart.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { ROOT, Failure, run } = require('../support')
const { compile } = require('../build')
const { rustFor } = require('./rust')
const { zig } = require('./zig')

const OUTPUT = path.join(ROOT, 'target', 'platforms')
/** That of RHEL 7, and what Rust itself asks for. */
const GLIBC = '2.17'
const MACOS = '11.0'

/** Seconds instead of minutes for a file that is the same but for size and speed. */
const QUICK = {
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '1'
}
const SYMBOLS = { CARGO_PROFILE_RELEASE_STRIP: 'none', CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only' }

/**
 * @param {import('../platform').Platform} platform
 * @param {{ quick?: boolean }} [options]
 * @returns {{ library: string, symbols: string, builder: string, target: string }} the files, and what made them
 */
function compileAddon (platform, { quick = false } = {}) {
  const { command, target, env, flags = [], linker } = wayTo(platform)
  const rust = rustFor(target, flags)
  // The floor is said to cargo-zigbuild as a part of the target.
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

/** The command, its target, variables and compiler flags, and what links, in words. Fetches what is missing. */
function wayTo (platform) {
  const { name, target, libc } = platform
  if (libc === 'musl') return { command: 'zigbuild', target, flags: ['-Ctarget-feature=-crt-static'], ...zig() }
  if (libc === 'glibc') return { command: 'zigbuild', target, ...zig() }
  if (platform.os === process.platform) {
    // Its linker would write into the library where the symbols lie on this machine.
    const flags = platform.os === 'win32' ? ['-Clink-arg=/PDBALTPATH:%_PDB%'] : []
    const env = { MACOSX_DEPLOYMENT_TARGET: MACOS }
    return { command: 'build', target, flags, env, linker: `the linker of ${os.type()}` }
  }
  if (platform.os === 'darwin') {
    const { env, linker } = zig()
    return { command: 'zigbuild', target, env: { ...env, MACOSX_DEPLOYMENT_TARGET: MACOS }, linker }
  }
  if (platform.cpu !== 'x64') throw new Failure(`${name} is built on Windows only.`)
  const { env, linker } = zig()
  env.LIBNODE_PATH = emptyLibraries()
  return { command: 'zigbuild', target: 'x86_64-pc-windows-gnu', env, linker }
}

/**
 * Libraries that are asked for and not needed, as empty archives: Node's, of which the feature dyn-symbols looks up the
 * functions when the addon is loaded, and one of gcc's, whose functions zig brings itself.
 */
function emptyLibraries () {
  const folder = path.join(OUTPUT, 'empty')
  fs.mkdirSync(folder, { recursive: true })
  for (const name of ['node', 'ssp_nonshared']) fs.writeFileSync(path.join(folder, `lib${name}.a`), '!<arch>\n')
  fs.writeFileSync(path.join(folder, 'libnode.dll'), '')
  return folder
}

/** Copies the library without its symbols, and keeps those in a file apart. */
function withoutSymbols (whole, { name, os }) {
  const symbols = path.join(OUTPUT, 'symbols', `faye-websocket.${name}.debug`)
  const library = path.join(OUTPUT, 'stripped', `faye-websocket.${name}.node`)
  for (const file of [symbols, library]) fs.mkdirSync(path.dirname(file), { recursive: true })
  if (process.platform === 'win32') {
    // MSVC writes them into a file of their own.
    fs.copyFileSync(whole.replace(/\.dll$/, '.pdb'), symbols)
    return { library: whole, symbols }
  }
  fs.copyFileSync(whole, symbols)
  const { program, env } = objcopy()
  run(program, [...(os === 'darwin' ? ['--strip-debug', '--discard-all'] : ['--strip-all']), whole, library], { env })
  return { library, symbols }
}

/** rustup brings one for the files of all systems, which finds its library where rustc tells it. */
function objcopy () {
  const ask = (...args) => spawnSync('rustc', args, { encoding: 'utf8' }).stdout
  const [, host] = /^host: (.+)$/m.exec(ask('--version', '--verbose')) ?? []
  const libraries = path.join(ask('--print', 'sysroot').trim(), 'lib')
  const program = path.join(libraries, 'rustlib', host, 'bin', 'rust-objcopy')
  if (!fs.existsSync(program)) throw new Failure(`This needs rustup's Rust, which has ${program}.`)
  return { program, env: { ...process.env, LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries } }
}

module.exports = { compileAddon, wayTo, GLIBC, OUTPUT }
