'use strict'

// npm run build:wasm: compiles the engine to WebAssembly and writes it into lib/wasm/module.js in base64, because
// bundlers need no loader for a string.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, main } = require('./support')
const { compile } = require('./build')
const { hasRustFor, rustFor, WASM } = require('./cross/rust')

const MODULE = path.join(ROOT, 'lib', 'wasm', 'module.js')
/** Node 18 and all other supported runtimes have these instructions. */
const FLAGS = ['-Ctarget-feature=+simd128']

/**
 * The binary format: the bytes before the first section, the type of custom sections, and the continuation bit of
 * numbers.
 */
const HEADER = 8
const CUSTOM = 0
const CONTINUES = 128

const USAGE = `Usage: npm run build:wasm -- [--required | --available]

  --required   fails if the module cannot be built. Default: prints the reason
  --available  downloads no compiler; \`npm run build\` and \`npm pack\` use this`

const UNAVAILABLE = `Rust's standard library for ${WASM} is missing. Run "rustup target add ${WASM}", ` +
  'or on Debian for x64 "npm run build:wasm"'

/**
 * Builds the module if there is a compiler for it. Otherwise, returns the reason.
 *
 * @param {{ mayFetch?: boolean }} [options] mayFetch: whether to download a compiler
 */
function buildWasm ({ mayFetch = true } = {}) {
  if (!mayFetch && !hasRustFor(WASM)) return UNAVAILABLE
  let rust
  try {
    rust = rustFor(WASM, FLAGS)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.message.trim()
  }
  const command = ['build', '--profile', 'wasm', '--package', 'faye-websocket-wasm', ...rust.args]
  write(stripped(fs.readFileSync(compile(command, { ...process.env, ...rust.env }))))
}

/**
 * Removes custom sections, for example the names of functions, which nothing needs at run time. A section begins with
 * its type and its length.
 *
 * @param {Buffer} bytes
 */
function stripped (bytes) {
  const kept = [bytes.subarray(0, HEADER)]
  for (let start = HEADER, end; start < bytes.length; start = end) {
    let [at, length, byte] = [start + 1, 0, CONTINUES]
    for (let shift = 0; byte & CONTINUES; shift += 7) {
      byte = bytes[at++]
      length |= (byte & ~CONTINUES) << shift
    }
    end = at + length
    if (bytes[start] !== CUSTOM) kept.push(bytes.subarray(start, end))
  }
  return Buffer.concat(kept)
}

/** @param {Buffer} bytes */
function write (bytes) {
  const text = `'use strict'\n\nmodule.exports = '${bytes.toString('base64')}'\n`
  if (fs.existsSync(MODULE) && fs.readFileSync(MODULE, 'utf8') === text) return
  const temporary = `${MODULE}.${process.pid}.tmp`
  fs.writeFileSync(temporary, text)
  fs.renameSync(temporary, MODULE)
}

if (require.main === module) {
  main(([flag, ...others]) => {
    if (others.length > 0 || ![undefined, '--required', '--available'].includes(flag)) throw new Failure(USAGE)
    const reason = buildWasm({ mayFetch: flag !== '--available' })
    const name = path.relative(process.cwd(), MODULE)
    if (reason === undefined) return console.log(`Built ${name}`)
    const sentence = `${name} was not ${fs.existsSync(MODULE) ? 'rebuilt' : 'built'}: ${reason}`
    if (flag === '--required') throw new Failure(sentence)
    console.log(`Skipped. ${sentence}`)
  })
}

module.exports = { MODULE, buildWasm }
