'use strict'

// Packages of npm, unpacked and not installed, because they are for other systems.

const fs = require('node:fs')
const path = require('node:path')
const { npm, run } = require('../support')
const { CACHE } = require('./cache')

/**
 * @param {string} spec name@version
 * @param {string} folder
 */
function unpackFromRegistry (spec, folder) {
  const downloads = fs.mkdtempSync(path.join(CACHE, 'npm-'))
  try {
    npm(['pack', '--silent', '--pack-destination', downloads, spec], {
      stdio: ['ignore', 'ignore', 'inherit'],
      fix: 'The package comes from the npm registry: check the network, then run the command again.'
    })
    for (const file of fs.readdirSync(downloads)) {
      run('tar', ['xzf', path.join(downloads, file), '-C', folder, '--strip-components=1'])
    }
  } finally {
    fs.rmSync(downloads, { recursive: true, force: true })
  }
}

module.exports = { unpackFromRegistry }
