import original = require('faye-websocket-rs/websocket/lib/WebSocketFrame')

export = original
