import original = require('faye-websocket-rs/permessage-deflate/lib/session')

export = original
