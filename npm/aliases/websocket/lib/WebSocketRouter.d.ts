import original = require('faye-websocket-rs/websocket/lib/WebSocketRouter')

export = original
