// @ts-check
'use strict'

const { Client } = require('../../../by_path')
const { handshakeKey } = require('../../../../http/handshake')

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = Client
module.exports.generateKey = handshakeKey
