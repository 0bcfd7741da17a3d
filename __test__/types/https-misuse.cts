// Programs that must not compile. tsc reports an expected error that does not occur.

import https = require('faye-websocket-rs/https')

// @ts-expect-error: isNative is read-only
https.createServer().isNative = true
// @ts-expect-error: nativeReason is read-only
https.createServer().nativeReason = ''
// @ts-expect-error: options are an object
https.createServer(443)
// @ts-expect-error: an unknown version
https.createServer({ minVersion: 'TLSv2' })
// @ts-expect-error: options are an object
new https.Server(443)
// @ts-expect-error: Node's https has no such function
https.connect('https://localhost')
