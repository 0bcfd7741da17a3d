import original = require('faye-websocket-rs/websocket/vendor/FastBufferList')

export = original
