import original = require('faye-websocket-rs/permessage-deflate/lib/server_session')

export = original
