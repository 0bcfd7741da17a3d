import original = require('faye-websocket-rs/websocket/lib/WebSocketRequest')

export = original
