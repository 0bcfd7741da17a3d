import original = require('faye-websocket-rs/websocket/lib/websocket')

export = original
