'use strict'

// The certificate and the key of a server, in one file, which the floor and Bun read as well.

const fs = require('node:fs')

const END = '-----END CERTIFICATE-----\n'

/** @param {{ cert: string, key: string }} identity both in PEM */
function identityFile ({ cert, key }) {
  return cert + key
}

/** @returns {{ cert: string, key: string }} both in PEM */
function readIdentity (file) {
  const text = fs.readFileSync(file, 'utf8')
  const end = text.lastIndexOf(END) + END.length
  return { cert: text.slice(0, end), key: text.slice(end) }
}

module.exports = { identityFile, readIdentity }
