import original = require('faye-websocket-rs/websocket/lib/W3CWebSocket')

export = original
