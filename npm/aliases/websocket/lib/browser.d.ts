import original = require('faye-websocket-rs/websocket/lib/browser')

export = original
