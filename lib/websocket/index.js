// @ts-check
'use strict'

// The exports of `websocket`.

const { runtime, runtimeReason } = require('../choice')
const server = require('./server')
const client = require('./client')
const router = require('./router')
const frame = require('./frame')
const request = require('./request')
const connection = require('./connection')
const w3cwebsocket = require('./w3c')
const deprecation = require('./deprecation')
const version = require('./version')

// A list of names without expressions: Node finds the exports for ES modules by reading this text.
module.exports = {
  server, client, router, frame, request, connection, w3cwebsocket, deprecation, version, runtime, runtimeReason
}
