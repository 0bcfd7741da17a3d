'use strict'

const WebSocket = require('../..')
const { serveFaye } = require('./faye')

serveFaye(WebSocket, () => require('../../lib/permessage-deflate'), WebSocket.broadcast)
