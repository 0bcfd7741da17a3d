import original = require('faye-websocket-rs/websocket/lib/WebSocketClient')

export = original
