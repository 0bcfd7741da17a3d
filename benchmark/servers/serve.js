'use strict'

// The code that the servers share: the address, and the report of used resources. Knows no WebSocket library.
//
//   node benchmark/servers/ws.js [--mode echo|receive|broadcast|get] [--deflate] [--tls FILE [--own-https]] [--port 0]
//
// prints the port. FILE contains the certificate and the key (PEM). The server is Node's, or with --own-https the one
// of faye-websocket-rs/https. A parent with a channel receives { port } and may send 'usage' or 'memory'. The server
// exits when its parent exits.

const http = require('node:http')
const https = require('node:https')
const { readIdentity } = require('../support/identity')
const { usage } = require('../support/usage')

const GC_PAUSE = 100

/** The number of messages that one confirmation covers. The load generator has the same number. */
const CONFIRMED = 1000
/** The answer to GET. The load generator has the same. */
const BODY = 'x'.repeat(125)

/**
 * @param {(server: http.Server, options: { deflate: boolean, mode: string }) => void} attach accepts connections, and
 * handles their messages by the mode. `echo`: returns them. `receive`: after every CONFIRMED messages of a connection,
 * sends their number. `broadcast`: sends them to all connections. In the mode `get` there are none
 */
function serve (attach) {
  const { deflate, mode, tls, ownHttps, port } = parse(process.argv.slice(2))
  const listener = mode === 'get' ? respond : refuse
  const server = tls ? createSecureServer(tls, ownHttps, listener) : http.createServer(listener)
  if (mode !== 'get') attach(server, { deflate, mode })
  server.listen({ host: '127.0.0.1', port, backlog: 1024 }, () => {
    console.log(String(server.address().port))
    if (process.send) process.send({ port: server.address().port })
  })
  process.on('message', answer)
  process.on('disconnect', () => process.exit())
}

function createSecureServer (file, isOwn, listener) {
  const identity = readIdentity(file)
  if (!isOwn) return https.createServer(identity, listener)
  const server = require('faye-websocket-rs/https').createServer(identity, listener)
  // Otherwise the figures would be those of Node's server under another name.
  if (!server.isNative) throw new Error('The server of faye-websocket-rs/https is not native')
  return server
}

function respond (request, response) {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': BODY.length })
  response.end(BODY)
}

function refuse (request, response) {
  response.writeHead(426).end()
}

function parse (args) {
  const options = { deflate: false, mode: 'echo', tls: '', ownHttps: false, port: 0 }
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--deflate') options.deflate = true
    else if (args[i] === '--own-https') options.ownHttps = true
    else if (args[i] === '--tls') options.tls = args[++i]
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
