import original = require('faye-websocket-rs/websocket-driver/lib/websocket/driver/draft75')

export = original
