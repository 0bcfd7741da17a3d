'use strict'

// Runs in the tested runtime, in a folder with the installed package. Prints the core and the transports of a server,
// of a client and of a client over TLS. Requires ca.pem, cert.pem and key.pem in its folder.

const fs = require('fs')
const http = require('http')
const https = require('https')
const path = require('path')

const WebSocket = require('faye-websocket')
const deflate = require('faye-websocket/permessage-deflate')

const TEXT = 'äé€'.repeat(1000)
const read = (name) => fs.readFileSync(path.join(__dirname, name))
const { bun, deno, electron, node } = process.versions

/** Echoes a text and a megabyte with compression. Resolves with the transports. */
function exchange (isSecure) {
  return new Promise((resolve, reject) => {
    const identity = isSecure ? { cert: read('cert.pem'), key: read('key.pem') } : {}
    const server = (isSecure ? https : http).createServer(identity)
    const transports = {}
    server.on('upgrade', (request, socket, head) => {
      const ws = new WebSocket(request, socket, head, [], { extensions: [deflate] })
      ws.on('message', (event) => ws.send(event.data))
      ws.on('open', () => { transports.server = transportOf(ws) })
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      const options = { extensions: [deflate], ...(isSecure && { ca: read('ca.pem') }) }
      const ws = new WebSocket.Client(`${isSecure ? 'wss' : 'ws'}://127.0.0.1:${port}/`, [], options)
      const bytes = Buffer.alloc(1 << 20, 7)
      ws.on('open', () => {
        transports.client = transportOf(ws)
        ws.send(TEXT)
        ws.send(bytes)
      })
      ws.on('error', (event) => reject(new Error(event.message)))
      ws.on('message', ({ data }) => {
        if (typeof data === 'string') {
          if (data !== TEXT) reject(new Error('The text differs'))
        } else {
          if (!bytes.equals(data)) reject(new Error('The bytes differ'))
          ws.close(1000, 'done')
        }
      })
      ws.on('close', (event) => {
        server.close()
        if (event.code !== 1000 || event.reason !== 'done') reject(new Error(`Closed with ${event.code}`))
        resolve(transports)
      })
    })
  })
}

function transportOf (ws) {
  return ws[Symbol.for('faye-websocket-rs.isNative')] ? 'native' : 'stream'
}

async function main () {
  const plain = await exchange(false)
  const secure = await exchange(true)
  console.log(JSON.stringify({
    version: electron || bun || deno || node,
    core: WebSocket.runtime,
    reason: WebSocket.runtimeReason,
    server: plain.server,
    client: plain.client,
    tls: secure.client
  }))
  process.exit(0)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
