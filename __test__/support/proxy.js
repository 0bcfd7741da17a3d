'use strict'

// An HTTP proxy that supports only CONNECT.

const http = require('node:http')
const https = require('node:https')
const net = require('node:net')

const { listen } = require('./peer')

/** Starts a proxy that opens tunnels for requests with this `authorization`. `requests` records all requests. */
async function startProxy (scope, { secure, authorization } = {}) {
  const requests = []
  const server = secure ? https.createServer(secure) : http.createServer()
  server.on('connect', (request, socket, body) => {
    requests.push({ target: request.url, headers: request.headers })
    socket.on('error', () => {})
    if (authorization && request.headers['proxy-authorization'] !== authorization) {
      // The proxy keeps the connection open, so the client must close it.
      socket.write('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n')
      return
    }
    const [, host, port] = request.url.match(/^\[?(.*?)\]?:(\d+)$/)
    const upstream = net.connect({ host, port }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (body.length > 0) upstream.write(body)
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    scope.defer(() => upstream.destroy())
  })
  const port = await listen(scope, server)
  const origin = (credentials = '') => `${secure ? 'https' : 'http'}://${credentials}127.0.0.1:${port}`
  return { origin, requests, server }
}

module.exports = { startProxy }
