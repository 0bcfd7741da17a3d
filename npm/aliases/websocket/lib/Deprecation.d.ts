import original = require('faye-websocket-rs/websocket/lib/Deprecation')

export = original
