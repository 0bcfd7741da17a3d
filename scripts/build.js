'use strict'

// npm run build: compiles the addon with plain cargo and puts it where lib/addon looks for it.
//
// cargo decides what has to be compiled, so this is cheap to call when nothing has changed. The napi CLI is not
// needed here, because it asks for a newer Node than the package does; scripts/generate.js uses it.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, run, ensureDependencies, main } = require('./support')
const { addonName, isMusl } = require('./platform')

const NEEDS = 'Building needs Rust 1.88 or newer with cargo on the PATH (https://rustup.rs), a linker (a C compiler brings ' +
  'one) and, the first time, the network for the crates.'

/** Compiles the addon and returns the path of the file, which is where lib/addon looks for it, or in `target/`. */
function build ({ debug = false, features = [] } = {}) {
  const target = path.join(ROOT, features.length > 0 ? `target/${features.join('-')}.node` : addonName())
  const args = debug ? [] : ['--release']
  if (features.length > 0) args.push('--features', features.join(','))
  install(compile(['build', ...args], environment()), target)
  return target
}

/** Has cargo compile a crate by a command that is like `build`, and returns the path of the shared library. */
function compile ([command, ...args], env) {
  const { stdout } = run('cargo', [command, '--locked', '--message-format=json-render-diagnostics', ...args], {
    name: 'cargo ' + command,
    fix: NEEDS,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28
  })
  const library = sharedLibrary(stdout)
  if (!library) throw new Failure('cargo build made no shared library. Is crate-type = ["cdylib"] in Cargo.toml?')
  return library
}

// Asking cargo for the path also works with CARGO_TARGET_DIR and with target directories set in a cargo config.
function sharedLibrary (messages) {
  for (const line of messages.split('\n')) {
    if (!line.includes('"compiler-artifact"')) continue
    const { target, filenames } = JSON.parse(line)
    if (target.kind.includes('cdylib')) return filenames.find((file) => /\.(so|dylib|dll|wasm)$/.test(file))
  }
}

function environment () {
  if (!isMusl()) return process.env
  // musl targets link the C library statically by default, and then cannot make a shared library.
  const flags = [process.env.RUSTFLAGS, '-C target-feature=-crt-static'].filter(Boolean).join(' ')
  return { ...process.env, RUSTFLAGS: flags }
}

// A running process may have the old file mapped: renaming leaves its pages alone, overwriting would not. Windows
// refuses to replace a library in use, so one that is already right is left where it is.
function install (library, target) {
  const bytes = fs.readFileSync(library)
  if (fs.existsSync(target) && fs.readFileSync(target).equals(bytes)) return
  const temporary = `${target}.${process.pid}.tmp`
  fs.writeFileSync(temporary, bytes, { mode: 0o755 })
  fs.renameSync(temporary, target)
}

if (require.main === module) {
  main((args) => {
    const unknown = args.find((arg) => arg !== '--debug')
    if (unknown) throw new Failure(`Unknown argument: ${unknown}\nUsage: node scripts/build.js [--debug]`)
    ensureDependencies()
    console.log('Built ' + path.relative(process.cwd(), build({ debug: args.includes('--debug') })))
  })
}

module.exports = { build, compile }
