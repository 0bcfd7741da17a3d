'use strict'

module.exports = require('faye-websocket-rs/permessage-deflate/lib/client_session')
