'use strict'

require('./websocket-node').driveWebSocket(require('websocket'))
