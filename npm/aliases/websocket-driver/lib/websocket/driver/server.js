'use strict'

module.exports = require('faye-websocket-rs/websocket-driver/lib/websocket/driver/server')
