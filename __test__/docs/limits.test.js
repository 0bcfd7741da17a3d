'use strict'

// The programs of docs/limits.md, with peers that exceed each limit.

const assert = require('node:assert/strict')
const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const { WebSocketServer, WebSocket: Ws } = require('ws')

const { connectOpen, listen } = require('../support/peer')
const { test } = require('../support/test')
const { upgradeRequest } = require('../support/wire')
const { projectFolder, refusedHalfOpen, runProgram, startProgram } = require('./program')

const folder = projectFolder()

async function startServer (scope) {
  const program = startProgram(scope, folder, 'limits.js', { printedPort: 8000 })
  const port = await program.listening()
  const open = async () => {
    const ws = new Ws(`ws://127.0.0.1:${port}/`)
    scope.defer(() => ws.terminate())
    await once(ws, 'open')
    return ws
  }
  return { ...program, port, open }
}

async function closedWith (ws) {
  const [code, reason] = await once(ws, 'close')
  return [code, String(reason)]
}

test('limits.js echoes messages of 16 KiB, and closes with 1009 above', async (scope) => {
  const server = await startServer(scope)
  const ws = await server.open()
  ws.send('a'.repeat(16384))
  const [echo] = await once(ws, 'message')
  assert.equal(echo.length, 16384)
  ws.send('a'.repeat(16385))
  assert.equal((await closedWith(ws))[0], 1009)
  assert.equal(server.result.stdout, 'Echo on ws://127.0.0.1:8000/\nWebSocket frame length too large\n')
})

test('limits.js closes with 4008 after more than 20 messages in a second', async (scope) => {
  const server = await startServer(scope)
  const ws = await server.open()
  let echoes = 0
  ws.on('message', () => { echoes += 1 })
  // Two seconds may share them.
  for (let message = 0; message < 41; message++) ws.send('again')
  assert.deepEqual(await closedWith(ws), [4008, 'Too many messages'])
  assert.ok(echoes >= 20 && echoes <= 40, `${echoes} echoes`)
})

test('limits.js has at most 100 connections, and room for another when one has closed', async (scope) => {
  const server = await startServer(scope)
  const peers = await Promise.all(Array.from({ length: 100 }, () => connectOpen(scope, server.port)))
  await assert.rejects(server.open(), /503/)
  peers[0].socket.destroy()
  for (;;) {
    const ws = await server.open().catch(() => null)
    if (ws !== null) return
  }
})

test('limits.js refuses the protocols before RFC 6455', async (scope) => {
  const { port } = await startServer(scope)
  const headers = { Connection: 'Upgrade', Upgrade: 'WebSocket', Origin: 'http://127.0.0.1' }
  const [response] = await once(http.get({ host: '127.0.0.1', port, headers, agent: false }), 'response')
  response.resume()
  assert.equal(response.statusCode, 400)
})

test('limits.js keeps no socket of a client that it has refused', async (scope) => {
  const { port } = await startServer(scope)
  await refusedHalfOpen(scope, port, upgradeRequest({ Upgrade: 'other' }), 'HTTP/1.1 400 Bad Request')
})

test('limited-client.js talks to a server', async (scope) => {
  const server = http.createServer()
  new WebSocketServer({ server }).on('connection', (ws) => ws.on('message', (data) => {
    ws.send(`${data} yourself`)
    ws.close(1000)
  }))
  const connectTo = await listen(scope, server)
  assert.deepEqual(await runProgram(scope, folder, 'limited-client.js', { printedPort: 8000, connectTo }),
    ['Hello yourself', 'close 1000'])
})

test('limited-client.js ends the connection after 5 seconds without an answer', async (scope) => {
  const connectTo = await listen(scope, net.createServer())
  const client = startProgram(scope, folder, 'limited-client.js', { printedPort: 8000, connectTo })
  const { code, stdout, stderr } = await client.finished
  assert.deepEqual([code, stdout, stderr], [0, 'close 1006\n',
    'Network error: ws://127.0.0.1:8000/: the opening handshake has taken more than 5 seconds\n'])
})
