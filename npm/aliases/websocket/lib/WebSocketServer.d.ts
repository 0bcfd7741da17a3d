import original = require('faye-websocket-rs/websocket/lib/WebSocketServer')

export = original
