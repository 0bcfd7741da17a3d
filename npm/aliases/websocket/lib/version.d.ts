import original = require('faye-websocket-rs/websocket/lib/version')

export = original
