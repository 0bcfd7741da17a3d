import original = require('faye-websocket-rs/websocket/lib/utils')

export = original
