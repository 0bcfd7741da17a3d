'use strict'

// A server for Bun only. Prints its port. Exits when its stdin ends.

/* global Bun */

const { readIdentity } = require('../support/identity')

const CONFIRMED = 1000
const LONGEST = 64 * 1024 * 1024

const optionOf = (name) => process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : null
const mode = optionOf('--mode')
const identity = optionOf('--tls')
const deflate = process.argv.includes('--deflate')
const all = new Set()

const handlers = {
  echo (connection, message) {
    connection.send(message, deflate)
  },
  receive (connection) {
    if (++connection.data.count % CONFIRMED === 0) connection.send(String(connection.data.count))
  },
  broadcast (connection, message) {
    for (const one of all) one.send(message)
  }
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  tls: identity ? readIdentity(identity) : undefined,
  fetch (request, server) {
    if (!server.upgrade(request, { data: { count: 0 } })) return new Response(null, { status: 426 })
  },
  websocket: {
    perMessageDeflate: deflate && { compress: 'dedicated', decompress: 'dedicated' },
    maxPayloadLength: LONGEST,
    backpressureLimit: LONGEST,
    open (connection) {
      all.add(connection)
    },
    close (connection) {
      all.delete(connection)
    },
    message: handlers[mode]
  }
})
console.log(String(server.port))
process.stdin.on('end', () => process.exit()).resume()
