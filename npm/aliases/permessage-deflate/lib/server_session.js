'use strict'

module.exports = require('faye-websocket-rs/permessage-deflate/lib/server_session')
