// @ts-check
'use strict'

const https = require('node:https')
const { UNSUPPORTED } = require('../transport/platform')
const { Server: NodeServer } = require('./server')

/** Other JavaScript runtimes have classes of their own. */
const Server = 'bun' in process.versions || 'deno' in process.versions ? ForeignServer : NodeServer
const { Agent, get, globalAgent, request } = https

/**
 * Returns a server like the one of Node's function of the same name.
 *
 * @param {any} [options]
 * @param {any} [listener]
 */
function createServer (options, listener) {
  return new /** @type {any} */ (Server)(options, listener)
}

/**
 * Returns a server of another runtime.
 *
 * @param {any} options
 * @param {any} listener
 * @returns {any}
 */
function ForeignServer (options, listener) {
  return Object.defineProperties(https.createServer(options, listener), {
    isNative: { value: false },
    nativeReason: { value: UNSUPPORTED }
  })
}

if (https.Server) ForeignServer.prototype = https.Server.prototype

module.exports = { Agent, Server, createServer, get, globalAgent, request }

// Node's members for clients, also if a program replaces them.
for (const name of /** @type {const} */ (['Agent', 'get', 'globalAgent', 'request'])) {
  Object.defineProperty(module.exports, name, {
    configurable: true,
    enumerable: true,
    get: () => https[name],
    set: (value) => { https[name] = value }
  })
}
