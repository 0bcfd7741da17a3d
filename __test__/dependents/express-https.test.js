'use strict'

// An application of Express over a TLS server of this package: static files, bodies, cookies, server-sent events and
// WebSockets.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const nodeHttps = require('node:https')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const express = require('express')
const { createServer } = require('faye-websocket-rs/https')
const WebSocket = require('faye-websocket-rs')

const { UNAVAILABLE } = require('../support/native')
const { listen } = require('../support/peer')
const { test } = require('../support/test')
const { local, root } = require('../support/tls')

const FILE = Buffer.alloc(3_000_000, 'static file ')

async function start (scope) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'express-'))
  scope.defer(() => fs.rmSync(folder, { recursive: true }))
  fs.writeFileSync(path.join(folder, 'large.txt'), FILE)

  const app = express()
  app.use(express.static(folder))
  app.use(express.json({ limit: '2mb' }))
  app.get('/about', (request, response) => {
    response.cookie('seen', '1', { secure: true })
    response.json({ protocol: request.protocol, secure: request.secure, ip: request.ip, host: request.hostname })
  })
  app.post('/sum', (request, response) => {
    response.json({ sum: request.body.numbers.reduce((sum, each) => sum + each) })
  })
  app.get('/redirect', (request, response) => response.redirect('/about'))
  app.get('/throw', () => { throw new Error('thrown') })
  app.get('/events', (request, response) => {
    const events = new WebSocket.EventSource(request, response)
    for (const text of ['one', 'two']) events.send(text)
    setTimeout(() => events.close(), 10)
  })
  // A handler of errors has four parameters.
  app.use((error, request, response, next) => response.headersSent ? next() : response.status(500).send(error.message))

  const server = createServer(local, app)
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    ws.on('message', ({ data }) => ws.send(data))
  })
  const port = await listen(scope, server)
  assert.equal(server.isNative, !UNAVAILABLE)
  const agent = new nodeHttps.Agent({ keepAlive: true, maxSockets: 2, ca: root.cert })
  scope.defer(() => agent.destroy())
  return { port, request: (options, body) => send({ port, host: 'localhost', agent, ...options }, body) }
}

async function send (options, body) {
  const request = nodeHttps.request(options).end(body)
  const [response] = await once(request, 'response')
  const bytes = Buffer.concat(await response.toArray())
  return { status: response.statusCode, headers: response.headers, bytes, text: String(bytes) }
}

test('Express answers over TLS of the reactor', async (scope) => {
  const { request } = await start(scope)
  const about = await request({ path: '/about' })
  assert.deepEqual(JSON.parse(about.text), { protocol: 'https', secure: true, ip: '127.0.0.1', host: 'localhost' })
  assert.match(about.headers['set-cookie'][0], /Secure/)

  const body = JSON.stringify({ numbers: Array.from({ length: 100_000 }, (_, index) => index) })
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length }
  const posted = await request({ path: '/sum', method: 'POST', headers }, body)
  assert.deepEqual(JSON.parse(posted.text), { sum: 4999950000 })

  const { status, headers: { location } } = await request({ path: '/redirect' })
  assert.deepEqual([status, location], [302, '/about'])
  assert.deepEqual((await request({ path: '/missing' })).status, 404)
  const thrown = await request({ path: '/throw' })
  assert.deepEqual([thrown.status, thrown.text], [500, 'thrown'])
})

test('Express serves static files, whole and in parts', async (scope) => {
  const { request } = await start(scope)
  const files = await Promise.all([1, 2, 3].map(() => request({ path: '/large.txt' })))
  for (const { status, bytes } of files) assert.ok(status === 200 && bytes.equals(FILE))
  const part = await request({ path: '/large.txt', headers: { Range: 'bytes=1000000-1000011' } })
  assert.deepEqual([part.status, part.bytes.length], [206, 12])
  const { etag } = files[0].headers
  assert.equal((await request({ path: '/large.txt', headers: { 'If-None-Match': etag } })).status, 304)
})

test('Express shares the server with server-sent events and WebSockets', async (scope) => {
  const { port, request } = await start(scope)
  const events = await request({ path: '/events' })
  assert.match(events.headers['content-type'], /event-stream/)
  assert.deepEqual(events.text.match(/data: \w+/g), ['data: one', 'data: two'])

  const ws = new WebSocket.Client(`wss://localhost:${port}/`, [], { ca: root.cert })
  scope.defer(() => ws.terminate())
  ws.on('open', () => ws.send('Hello'))
  assert.equal((await once(ws, 'message'))[0].data, 'Hello')
})
