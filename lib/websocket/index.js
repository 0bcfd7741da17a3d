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
module.exports = { server, client, router, frame, request, connection, w3cwebsocket, deprecation, version }

// Not enumerable, as the original has no such names. ES modules can import them all the same.
Object.defineProperty(module.exports, 'runtime', { value: runtime })
Object.defineProperty(module.exports, 'runtimeReason', { value: runtimeReason })
