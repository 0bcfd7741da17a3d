'use strict'

// An echo server. An environment variable contains the options of permessage-deflate as JSON; null for no extension.

const WebSocket = require('../..')
const deflate = require('../../lib/permessage-deflate')
const { serveFaye } = require('./faye')

const options = JSON.parse(process.env.COMPRESSION_SETTINGS)
if (options !== null) process.argv.push('--deflate')

serveFaye(WebSocket, () => deflate.configure(options))
