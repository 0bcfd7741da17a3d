'use strict'

// The programs of docs/connect.md, as printed.

const assert = require('node:assert/strict')
const http = require('node:http')

const { WebSocketServer } = require('ws')

const { echoEach } = require('../support/client')
const { eventually, serve } = require('../support/peer')
const { test } = require('../support/test')
const { ROOT } = require('../package/process')
const { projectFolder, startProgram, runProgram } = require('./program')

const WebSocket = require(ROOT)

const folder = projectFolder()
const toServer = (port) => ({ printedPort: 8000, connectTo: port })
/** Upper bounds of the first delays. */
const LONGEST_DELAYS = [500, 1000, 2000]

/** An echo server of the package ws on this port, or a free one. */
async function serveByWs (scope, port = 0, onSocket = (ws) => ws.on('message', (data) => ws.send(String(data)))) {
  const server = new WebSocketServer({ host: '127.0.0.1', port })
  const stop = async () => {
    for (const ws of server.clients) ws.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
  scope.defer(stop)
  server.on('connection', onSocket)
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  return { port: server.address().port, server, stop }
}

test('connect.js and chat-echo-server.js talk to each other', async (scope) => {
  const server = startProgram(scope, folder, 'chat-echo-server.js', { printedPort: 8000 })
  const lines = await runProgram(scope, folder, 'connect.js', toServer(await server.listening()))
  assert.deepEqual(lines, ['open chat.v1', 'message Hello', 'close 1000 Thank you'])
})

test('connect.js prints the subprotocol, the response and the close', async (scope) => {
  const requests = []
  const { port } = await serve(scope, WebSocket, {
    protocols: ['chat.v1'],
    onSocket: (ws, { request }) => {
      requests.push(request)
      echoEach(ws)
    }
  })
  const lines = await runProgram(scope, folder, 'connect.js', toServer(port))
  assert.deepEqual(lines, ['open chat.v1', 'message Hello', 'close 1000 Thank you'])
  const [{ url, headers }] = requests
  assert.equal(url, '/chat')
  assert.equal(headers.origin, 'http://127.0.0.1:8000')
  assert.equal(headers['user-agent'], 'example/1.0')
})

test('reconnect.js reconnects after growing delays, and Ctrl+C ends it', async (scope) => {
  const first = await serveByWs(scope)
  const program = startProgram(scope, folder, 'reconnect.js', toServer(first.port))
  const lines = () => program.result.stdout.trimEnd().split('\n')
  const count = (line) => lines().filter((each) => each === line).length
  await eventually(() => count('message Hello') === 1, 'the first message')

  await first.stop()
  await eventually(() => delays(lines()).length >= 3, 'three attempts')
  const second = await serveByWs(scope, first.port)
  await eventually(() => count('message Hello') === 2, 'the message after the return')
  delays(lines()).slice(0, 3).forEach((delay, index) => {
    const longest = LONGEST_DELAYS[index]
    assert.ok(delay >= longest / 2 && delay <= longest, lines().join('\n'))
  })
  assert.match(program.result.stderr, /^Network error: ws:\/\/127\.0\.0\.1:8000\/: connect ECONNREFUSED/m)

  const closes = []
  for (const ws of second.server.clients) ws.on('close', (code, reason) => closes.push([code, String(reason)]))
  program.child.kill('SIGINT')
  const { code, stdout } = await program.finished
  assert.equal(code, 0)
  assert.deepEqual(closes, [[1000, 'Goodbye']])
  assert.equal(stdout.trimEnd().split('\n').pop(), 'close 1000 Goodbye')
}, { skip: process.platform === 'win32' && 'a signal kills a program there' })

test('reconnect.js: Ctrl+C ends it during a delay', async (scope) => {
  const { port, stop } = await serveByWs(scope)
  const program = startProgram(scope, folder, 'reconnect.js', toServer(port))
  await eventually(() => program.result.stdout.includes('message Hello'), 'the message')
  await stop()
  await eventually(() => delays(program.result.stdout.split('\n')).length === 2, 'the second delay')
  program.child.kill('SIGINT')
  const { code } = await program.finished
  assert.equal(code, 0)
}, { skip: process.platform === 'win32' && 'a signal kills a program there' })

for (const [name, code, isFinal] of [['done', 1000, true], ['a violation', 1008, true], ['going away', 1001, false]]) {
  test(`reconnect.js: ${code}, ${name}, ${isFinal ? 'ends it' : 'does not end it'}`, async (scope) => {
    const { port } = await serveByWs(scope, 0, (ws) => ws.close(code, name))
    const program = startProgram(scope, folder, 'reconnect.js', toServer(port))
    if (isFinal) {
      assert.equal((await program.finished).stdout, `close ${code} ${name}\n`)
    } else {
      await eventually(() => delays(program.result.stdout.split('\n')).length === 2, 'the second attempt')
    }
  })
}

test('reconnect.js: a refusal ends it', async (scope) => {
  const server = http.createServer((request, response) => response.writeHead(401).end())
  scope.defer(() => server.close())
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { stdout } = await startProgram(scope, folder, 'reconnect.js', toServer(server.address().port)).finished
  assert.equal(stdout, 'close 1002 Error during WebSocket handshake: Unexpected response code: 401\n')
})

test('unix-socket.js: the client reaches the server by its path', async (scope) => {
  assert.deepEqual(await runProgram(scope, folder, 'unix-socket.js'), ['/room?id=1: Hello'])
}, { skip: process.platform === 'win32' && 'paths of Unix sockets are different there' })

/** The milliseconds of the delays that a program has printed. */
function delays (lines) {
  return lines.flatMap((line) => /^connecting again in (\d+) ms$/.exec(line)?.slice(1) ?? []).map(Number)
}
