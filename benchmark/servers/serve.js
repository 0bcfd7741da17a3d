'use strict'

// The code that the servers share: the address, and the report of used resources. Knows no WebSocket library.
//
//   node benchmark/servers/ws.js [--mode echo|receive|broadcast] [--deflate] [--tls] [--port 0]
//
// prints the port. A parent with a channel receives { port } and may send 'usage' or 'memory'. The server exits when
// its parent exits.

const http = require('node:http')
const https = require('node:https')
const { createAuthority } = require('../../__test__/support/certs')
const { usage } = require('../support/usage')

const GC_PAUSE = 100

/** The number of messages that one confirmation covers. The load generator has the same number. */
const CONFIRMED = 1000

/**
 * @param {(server: http.Server, options: { deflate: boolean, mode: string }) => void} attach accepts connections, and
 * handles their messages by the mode. `echo`: returns them. `receive`: after every CONFIRMED messages of a connection,
 * sends their number. `broadcast`: sends them to all connections
 */
function serve (attach) {
  const { deflate, mode, tls, port } = parse(process.argv.slice(2))
  const refuse = (request, response) => response.writeHead(426).end()
  const server = tls ? https.createServer(createAuthority().local, refuse) : http.createServer(refuse)
  attach(server, { deflate, mode })
  server.listen({ host: '127.0.0.1', port, backlog: 1024 }, () => {
    console.log(String(server.address().port))
    if (process.send) process.send({ port: server.address().port })
  })
  process.on('message', answer)
  process.on('disconnect', () => process.exit())
}

function parse (args) {
  const options = { deflate: false, mode: 'echo', tls: false, port: 0 }
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--deflate') options.deflate = true
    else if (args[i] === '--tls') options.tls = true
    else if (args[i] === '--mode') options.mode = args[++i]
    else if (args[i] === '--port') options.port = Number(args[++i])
    else throw new Error(`Unknown option: ${args[i]}`)
  }
  return options
}

function answer (question) {
  if (question === 'usage') process.send(usage())
  else if (question === 'memory') collected(() => process.send({ rss: process.memoryUsage.rss() }))
}

// Collects garbage with --expose-gc, because garbage is not memory that the library needs. Several rounds, because
// finalizers run in later turns and release memory that the next collection finds.
function collected (callback, rounds = 3) {
  if (!global.gc || rounds === 0) return callback()
  global.gc()
  setTimeout(collected, GC_PAUSE, callback, rounds - 1)
}

module.exports = { serve, CONFIRMED }
