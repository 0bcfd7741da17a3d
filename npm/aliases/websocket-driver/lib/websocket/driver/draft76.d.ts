import original = require('faye-websocket-rs/websocket-driver/lib/websocket/driver/draft76')

export = original
