// Programs that must not compile. tsc reports an expected error that does not occur.

import https = require('faye-websocket-rs/https')

// @ts-expect-error: isNative is read-only
https.createServer().isNative = true
// @ts-expect-error: options are an object
https.createServer(443)
// @ts-expect-error: an unknown version
https.createServer({ minVersion: 'TLSv2' })
// @ts-expect-error: the class is not exported
new https.Server()
// @ts-expect-error: Node's other functions are not exported
https.request('https://localhost')
