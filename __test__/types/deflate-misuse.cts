// Programs that must not compile. tsc reports an expected error that does not occur.

import deflate = require('faye-websocket-rs/permessage-deflate')

// @ts-expect-error: an unknown option throws
deflate.configure({ serverNoContextTakeover: true })
// @ts-expect-error: a threshold is a number of bytes
deflate.configure({ threshold: '1024' })
// @ts-expect-error: a level is a number
deflate.configure({ level: '9' })
// @ts-expect-error: a window is a number
deflate.configure({ maxWindowBits: true })
// @ts-expect-error: a flag is a boolean
deflate.configure({ noContextTakeover: 1 })
// @ts-expect-error: the option zlib is an object with functions
deflate.configure({ zlib: {} })
// @ts-expect-error: the options are an object
deflate.configure(9)
// @ts-expect-error: an extension is not a constructor
new deflate()
// @ts-expect-error: an extension is not a function
deflate({ level: 9 })
// @ts-expect-error: name is read-only
deflate.name = 'permessage-brotli'
// @ts-expect-error: offers are required
deflate.createServerSession()
// @ts-expect-error: the session may be null
deflate.createServerSession([{}]).close()
// @ts-expect-error: a client has no generateResponse
deflate.createClientSession().generateResponse()
// @ts-expect-error: a length is a number
deflate.createClientSession({ maxLength: '1024' })
// @ts-expect-error: the parameter does not exist
void deflate.createClientSession().generateOffer().max_window_bits
