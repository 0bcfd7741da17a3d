// @ts-check
'use strict'

const util = require('node:util')
const { Connection } = require('../connection/connection')
const { clientTarget } = require('../http/url')
const { Dial } = require('../transport/dial')
const { policyOf } = require('../websocket-driver/options')
const { API, readOptions } = require('./api')
const { connectionOf } = require('./connection')
const { dialOptionsOf } = require('./dial_options')

/**
 * The client's endpoint of a connection. Connects at once.
 *
 * @this {any}
 * @param {any} url
 * @param {any} [protocols]
 * @param {any} [options]
 */
function Client (url, protocols, options) {
  options = readOptions(options)
  const target = clientTarget(url)
  const engine = Connection.client(target.url, policyOf({ maxLength: options.maxLength, protocols }))
  API.call(this, engine, options, url, target)
  const connection = connectionOf(this)
  const dial = new Dial(target, dialOptionsOf(options, target), engine, connection)
  connection.dial(dial)
  if (connection.isAborted) return connection.endSoon()
  dial.begin()
  connection.begin()
}
util.inherits(Client, API)

module.exports = { Client }
