// @ts-check
'use strict'

const https = require('node:https')

/** An `https.Server` of Node. */
class Server extends https.Server {
  /** Whether the reactor decrypts a connection that arrives now. */
  get isNative () {
    return false
  }
}

module.exports = { Server }
