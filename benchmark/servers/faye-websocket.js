'use strict'

const WebSocket = require('faye-websocket')
const { serveFaye } = require('./faye')

serveFaye(WebSocket, () => require('permessage-deflate'))
