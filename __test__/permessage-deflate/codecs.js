'use strict'

// The compressors of a session: the native code, or a module of the program.

const zlib = require('node:zlib')

const deflate = require('../../lib/permessage-deflate')

/** Returns Node's zlib as a module of the program, with a record of its streams. */
function foreignZlib () {
  const streams = []
  const record = (kind, create) => (options) => {
    const stream = create(options)
    const entry = { kind, options, bytes: 0, isClosed: false }
    stream.on('data', (chunk) => { entry.bytes += chunk.length })
    stream.on('close', () => { entry.isClosed = true })
    streams.push(entry)
    return stream
  }
  return {
    streams,
    createDeflateRaw: record('deflate', zlib.createDeflateRaw),
    createInflateRaw: record('inflate', zlib.createInflateRaw)
  }
}

/** The name of a compressor, and a function that makes the extension with options. */
const CODECS = [
  ['the native code', (options) => deflate.configure(options)],
  ['a zlib of the program', (options) => deflate.configure({ ...options, zlib: foreignZlib() })]
]

/** Negotiates a client's and a server's session. */
function agree (client, server, { maxLength = 0x3ffffff } = {}) {
  const asking = client.createClientSession({ maxLength })
  const answering = server.createServerSession([asking.generateOffer()], { maxLength })
  if (!asking.activate(answering.generateResponse())) throw new Error('the client refused')
  return { client: asking, server: answering }
}

const message = (data, rsv1 = false) => ({ rsv1, rsv2: false, rsv3: false, opcode: 2, data: Buffer.from(data) })

/** Passes a message through a session. */
function pass (session, method, given) {
  return new Promise((resolve, reject) => {
    session[method](given, (error, result) => error ? reject(error) : resolve(result))
  })
}

const outgoing = (session, data) => pass(session, 'processOutgoingMessage', message(data))
const incoming = (session, data, rsv1 = true) => pass(session, 'processIncomingMessage', message(data, rsv1))

/** Compresses with Node's zlib (RFC 7692, section 7.2.1). */
function compress (data, options) {
  const { Z_SYNC_FLUSH } = zlib.constants
  return zlib.deflateRawSync(data, { finishFlush: Z_SYNC_FLUSH, ...options }).subarray(0, -4)
}

/** Returns incompressible bytes, the same in every run. */
function noise (length) {
  const bytes = Buffer.alloc(length)
  let state = 1
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[index] = state >>> 16
  }
  return bytes
}

module.exports = { CODECS, agree, compress, foreignZlib, incoming, message, noise, outgoing }
