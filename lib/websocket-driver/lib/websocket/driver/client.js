// @ts-check
'use strict'

const { Client } = require('../../../by_path')
const { handshakeKey } = require('../../../../http/handshake')

// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
module.exports = Client
module.exports.generateKey = handshakeKey
