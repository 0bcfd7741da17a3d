import websocket = require('../index.js')

export = websocket.router
