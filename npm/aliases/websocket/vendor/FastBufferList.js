'use strict'

module.exports = require('faye-websocket-rs/websocket/vendor/FastBufferList')
