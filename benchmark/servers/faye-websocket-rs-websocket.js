'use strict'

require('./websocket-node').serveWebSocket(require('../../lib/websocket'))
