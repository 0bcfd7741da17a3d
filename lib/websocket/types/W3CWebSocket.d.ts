import websocket = require('../index.js')

export = websocket.w3cwebsocket
