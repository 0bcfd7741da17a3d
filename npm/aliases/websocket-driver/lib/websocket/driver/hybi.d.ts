import original = require('faye-websocket-rs/websocket-driver/lib/websocket/driver/hybi')

export = original
