// @ts-check
'use strict'

// What `websocket` exports.

const server = require('./server')
const router = require('./router')
const frame = require('./frame')
const request = require('./request')
const connection = require('./connection')
const deprecation = require('./deprecation')
const version = require('./version')

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = { server, router, frame, request, connection, deprecation, version }
