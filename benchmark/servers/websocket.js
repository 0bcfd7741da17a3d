'use strict'

require('./websocket-node').serveWebSocket(require('websocket'))
