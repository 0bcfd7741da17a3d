'use strict'

// The server of Bun, if the npm package is installed.

const path = require('node:path')

/** Returns the command of the package `bun`; null without the package. */
function bun () {
  try {
    const program = path.join(path.dirname(require.resolve('bun/package.json')), 'bin', 'bun.exe')
    return [program, path.join(__dirname, '..', 'servers', 'bun.js')]
  } catch {
    return null
  }
}

module.exports = { bun }
