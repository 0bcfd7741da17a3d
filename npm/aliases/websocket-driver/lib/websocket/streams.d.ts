import original = require('faye-websocket-rs/websocket-driver/lib/websocket/streams')

export = original
