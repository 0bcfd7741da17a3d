'use strict'

// Wheels of PyPI, unpacked: they are zip files, and some contain programs. pip knows the index that this machine
// uses.

const fs = require('node:fs')
const path = require('node:path')
const { run } = require('../support')
const { CACHE } = require('./cache')

const PYTHON = process.platform === 'win32' ? 'python' : 'python3'
const FIX = 'This download requires Python 3 with pip: check that they are installed, and check the network.'

/**
 * @param {string} spec name==version
 * @param {string} folder
 * @param {string} [platform] the platform's name in wheels. Default: this machine
 */
function unpackWheel (spec, folder, platform) {
  const downloads = fs.mkdtempSync(path.join(CACHE, 'wheel-'))
  try {
    const only = platform === undefined ? [] : ['--platform', platform]
    run(PYTHON, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', ...only, '--dest', downloads,
      spec], { name: 'pip download', fix: FIX, stdio: ['ignore', 2, 2] })
    for (const file of fs.readdirSync(downloads)) {
      run(PYTHON, ['-m', 'zipfile', '-e', path.join(downloads, file), folder], { fix: FIX })
    }
  } finally {
    fs.rmSync(downloads, { recursive: true, force: true })
  }
}

module.exports = { unpackWheel }
