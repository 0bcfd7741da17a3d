'use strict'

// Files for other processes, in a directory that is removed at the end of this process.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

class TemporaryFiles {
  constructor () {
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'faye-websocket-benchmark-'))
    this.files = new Map()
    process.once('exit', () => fs.rmSync(this.directory, { recursive: true, force: true }))
  }

  /** @param {() => string | Uint8Array} make called once for each name */
  path (name, make) {
    if (!this.files.has(name)) {
      const file = path.join(this.directory, name)
      fs.writeFileSync(file, make())
      this.files.set(name, file)
    }
    return this.files.get(name)
  }
}

module.exports = { TemporaryFiles }
