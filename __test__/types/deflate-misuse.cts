// What must not compile: each line after an expected error is one, or tsc complains that nothing was wrong.

import deflate = require('faye-websocket-rs/permessage-deflate')

// @ts-expect-error: an unknown option throws
deflate.configure({ serverNoContextTakeover: true })
// @ts-expect-error: a threshold is a number of bytes
deflate.configure({ threshold: '1024' })
// @ts-expect-error: a level is a number
deflate.configure({ level: '9' })
// @ts-expect-error: so is a window
deflate.configure({ maxWindowBits: true })
// @ts-expect-error: a flag is a boolean
deflate.configure({ noContextTakeover: 1 })
// @ts-expect-error: a zlib has functions
deflate.configure({ zlib: {} })
// @ts-expect-error: the options are an object
deflate.configure(9)
// @ts-expect-error: an extension is not a constructor
new deflate()
// @ts-expect-error: nor a function
deflate({ level: 9 })
// @ts-expect-error: its name is read
deflate.name = 'permessage-brotli'
// @ts-expect-error: offers are needed
deflate.createServerSession()
// @ts-expect-error: the session may be null
deflate.createServerSession([{}]).close()
// @ts-expect-error: a client answers nothing
deflate.createClientSession().generateResponse()
// @ts-expect-error: a length is a number
deflate.createClientSession({ maxLength: '1024' })
// @ts-expect-error: there is no such parameter
void deflate.createClientSession().generateOffer().max_window_bits
