import WebSocket = require('../../../index.js')

export = WebSocket.EventSource
