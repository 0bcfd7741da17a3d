'use strict'

// The server of docs/shutdown.md, stopped while clients read, do not read, and do not answer.

const assert = require('node:assert/strict')
const http = require('node:http')
const { once } = require('node:events')
const Ws = require('ws')

const { connect, connectOpen, eventually } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { upgradeRequest } = require('../support/wire')
const { projectFolder, startProgram } = require('./program')

const folder = projectFolder()
const onPosix = { skip: process.platform === 'win32' && 'Windows has no SIGTERM' }

async function startServer (scope) {
  const program = startProgram(scope, folder, 'shutdown.js', { printedPort: 8000 })
  const port = await program.listening()
  return { ...program, port, url: `ws://127.0.0.1:${port}/` }
}

async function opened (scope, ws) {
  scope.defer(() => ws.terminate())
  await once(ws, 'open')
  return ws
}

/** Sends enough requests that the event loop of the server has read all earlier bytes. */
async function readsAll (port) {
  for (let request = 0; request < 200; request++) {
    const [response] = await once(http.get({ host: '127.0.0.1', port, agent: false }), 'response')
    response.resume()
    await once(response, 'end')
  }
}

test('shutdown.js: messages that wait for a peer arrive before the close frame', async (scope) => {
  const server = await startServer(scope)
  const ws = await opened(scope, new Ws(server.url))
  const sent = Array.from({ length: 12 }, (_, index) => String(index).padEnd(512 * 1024, '.'))
  const received = []
  ws.on('message', (data) => received.push(String(data)))

  ws.pause()
  for (const text of sent) ws.send(text)
  await eventually(() => ws.bufferedAmount === 0, 'the client has written everything')
  await readsAll(server.port)
  server.child.kill('SIGTERM')
  await eventually(() => server.result.stdout.includes('Closing connections: 1'), 'the server stops')
  await scope.settle(100)
  assert.equal(server.child.exitCode, null)
  assert.ok(received.length < sent.length)

  ws.resume()
  const [code, reason] = await once(ws, 'close')
  assert.deepEqual([received, code, String(reason)], [sent, 4001, 'The server restarts'])
  const ended = await server.finished
  assert.deepEqual([ended.code, ended.stderr], [0, ''])
  assert.match(ended.stdout, /Terminating connections: 0\n$/)
}, onPosix)

test('shutdown.js: a peer that does not answer is terminated after 5 seconds', async (scope) => {
  const server = await startServer(scope)
  const ours = await opened(scope, new WebSocket.Client(server.url))
  const other = await opened(scope, new Ws(server.url))
  const silent = await connectOpen(scope, server.port)

  const closed = [once(ours, 'close'), once(other, 'close')]
  server.child.kill('SIGTERM')
  const [[event], [code, reason]] = await Promise.all(closed)
  assert.deepEqual([event.code, event.reason], [4001, 'The server restarts'])
  assert.deepEqual([code, String(reason)], [4001, 'The server restarts'])

  const ended = await server.finished
  await silent.ended()
  assert.deepEqual([ended.code, ended.stderr, ended.stdout], [0, '',
    'Echo on ws://127.0.0.1:8000/\nClosing connections: 3\nTerminating connections: 1\n'])
}, onPosix)

test('shutdown.js: it accepts no connection while it closes the others', async (scope) => {
  const server = await startServer(scope)
  await connectOpen(scope, server.port)
  const late = await connect(scope, server.port)
  const request = upgradeRequest()
  late.write(request.slice(0, 20))
  await readsAll(server.port)

  server.child.kill('SIGTERM')
  await eventually(() => server.result.stdout.includes('Closing connections: 1'), 'the server stops')
  late.write(request.slice(20))
  await late.ended()
  assert.equal(late.bytes.length, 0)
  await assert.rejects(once(new Ws(server.url), 'open'), { code: 'ECONNREFUSED' })
}, onPosix)

test('shutdown.js: a client that has sent half a request does not delay the end longer', async (scope) => {
  const server = await startServer(scope)
  const half = await connect(scope, server.port)
  half.write('GET / HTTP/1.1\r\nHo')
  await readsAll(server.port)
  server.child.kill('SIGTERM')
  const ended = await server.finished
  assert.deepEqual([ended.code, ended.stderr, ended.stdout], [0, '',
    'Echo on ws://127.0.0.1:8000/\nClosing connections: 0\nTerminating connections: 0\n'])
}, onPosix)

test('shutdown.js: a second signal of either kind ends the process at once', async (scope) => {
  const server = await startServer(scope)
  await connectOpen(scope, server.port)
  server.child.kill('SIGTERM')
  await eventually(() => server.result.stdout.includes('Closing connections: 1'), 'the server stops')
  server.child.kill('SIGINT')
  const ended = await server.finished
  assert.deepEqual([ended.code, ended.signal, ended.stdout], [null, 'SIGINT',
    'Echo on ws://127.0.0.1:8000/\nClosing connections: 1\n'])
}, onPosix)
