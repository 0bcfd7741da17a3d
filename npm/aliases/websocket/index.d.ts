import original = require('faye-websocket-rs/websocket')

export = original
