'use strict'

require('./websocket-node').driveWebSocket(require('../../lib/websocket'), { transport: 'stream' })
