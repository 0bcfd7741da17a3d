'use strict'

// npm run build: compiles the addon with plain cargo and copies it to the path from which lib/addon loads it.
//
// cargo decides which crates it compiles, so a call without changes is cheap. The build does not use the napi CLI,
// because the CLI requires a newer Node than the package; scripts/generate.js uses it.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, run, ensureDependencies, main } = require('./support')
const { addonName, isMusl } = require('./platform')

const NEEDS = 'The build requires Rust 1.88 or newer with cargo on the PATH (https://rustup.rs), a linker (a C compiler has ' +
  'one) and, the first time, a network connection for the crates.'

/** Compiles the addon. Returns its path: the path from which lib/addon loads it, or a path in `target/`. */
function build ({ debug = false, features = [] } = {}) {
  const target = path.join(ROOT, features.length > 0 ? `target/${features.join('-')}.node` : addonName())
  const args = debug ? [] : ['--release']
  if (features.length > 0) args.push('--features', features.join(','))
  install(compile(['build', ...args], environment()), target)
  return target
}

/** Runs a cargo command like `build` for a crate. Returns the path of the shared library. */
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
  if (!library) throw new Failure('cargo build produced no shared library. Is crate-type = ["cdylib"] in Cargo.toml?')
  return library
}

// Reads the path from cargo's messages, because CARGO_TARGET_DIR or a cargo config may change the target directory.
function sharedLibrary (messages) {
  for (const line of messages.split('\n')) {
    if (!line.includes('"compiler-artifact"')) continue
    const { target, filenames } = JSON.parse(line)
    if (target.kind.includes('cdylib')) return filenames.find((file) => /\.(so|dylib|dll|wasm)$/.test(file))
  }
}

function environment () {
  if (!isMusl()) return process.env
  // musl targets link the C library statically by default, and then cannot produce a shared library.
  const flags = [process.env.RUSTFLAGS, '-C target-feature=-crt-static'].filter(Boolean).join(' ')
  return { ...process.env, RUSTFLAGS: flags }
}

// A running process may have mapped the old file. Renaming does not change the mapped pages; overwriting would.
// Windows refuses to replace a library in use, so a library that is already up to date stays in place.
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
