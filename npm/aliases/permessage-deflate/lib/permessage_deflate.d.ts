import original = require('faye-websocket-rs/permessage-deflate/lib/permessage_deflate')

export = original
