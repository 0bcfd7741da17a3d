import original = require('faye-websocket-rs/websocket-driver/lib/websocket/http_parser')

export = original
