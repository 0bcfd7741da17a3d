import original = require('faye-websocket-rs/websocket-driver/lib/websocket/driver/stream_reader')

export = original
