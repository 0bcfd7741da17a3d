import original = require('faye-websocket-rs/websocket/lib/WebSocketRouterRequest')

export = original
