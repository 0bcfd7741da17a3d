'use strict'

module.exports = require('faye-websocket-rs/websocket/lib/WebSocketRequest')
