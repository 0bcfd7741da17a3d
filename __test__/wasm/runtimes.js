'use strict'

// The addon and WebAssembly, for tests that need one of them or both.

const fs = require('node:fs')
const path = require('node:path')

const MODULE = path.join(__dirname, '../../lib/wasm/module.js')

/** The reason why WebAssembly is missing, or false. */
const NO_WASM = !fs.existsSync(MODULE) && 'lib/wasm/module.js is not built: npm run build:wasm'

/** Returns the addon, or null if it does not load. */
function addon () {
  return require('../../lib/addon').binding ?? null
}

module.exports = { MODULE, NO_WASM, addon, wasm: NO_WASM ? null : require('../../lib/wasm') }
