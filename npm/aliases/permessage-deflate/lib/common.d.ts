import original = require('faye-websocket-rs/permessage-deflate/lib/common')

export = original
