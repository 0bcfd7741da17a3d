// @ts-check
'use strict'

// What `websocket` exports.

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

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = {
  server, client, router, frame, request, connection, w3cwebsocket, deprecation, version, runtime, runtimeReason
}
