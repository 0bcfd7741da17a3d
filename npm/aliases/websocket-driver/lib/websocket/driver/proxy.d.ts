import original = require('faye-websocket-rs/websocket-driver/lib/websocket/driver/proxy')

export = original
