import original = require('faye-websocket-rs/permessage-deflate/lib/client_session')

export = original
