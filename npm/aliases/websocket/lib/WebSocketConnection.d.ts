import original = require('faye-websocket-rs/websocket/lib/WebSocketConnection')

export = original
