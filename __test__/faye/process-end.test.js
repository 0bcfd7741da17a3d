'use strict'

// The end of a process without process.exit(), and connections that keep a process alive.
// The functions passed to `runChild` run as text in another process, where only their parameters and `require` exist.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { accept, once, serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { frame } = require('../support/wire')

const ENDS = {
  'a client has closed': (ws) => ws.on('open', () => ws.close()),
  'a client with the ping option has closed': (ws) => ws.on('open', () => ws.close()),
  'a client has closed before open': (ws) => ws.close(),
  'the stream of a client is destroyed': (ws) => ws.on('open', () => ws._stream.destroy()),
  'a client has sent 20 MiB and closed': (ws) => ws.on('open', () => {
    for (let i = 0; i < 20; i++) ws.send(Buffer.alloc(1 << 20))
    ws.close()
  }),
  'a paused client has closed': (ws) => ws.on('open', () => {
    ws.pause()
    ws.close()
  })
}
for (const [name, script] of Object.entries(ENDS)) {
  const run = name === 'a paused client has closed' ? deviation : test
  run(`the process ends when ${name}`, async (scope) => {
    const { url } = await serve(scope, WebSocket)
    const options = name.includes('ping') ? '{ ping: 60 }' : '{}'
    const code = `(WebSocket, support, url) => {
      const ws = new WebSocket.Client(url, null, ${options});
      ws.on('close', () => console.log('closed'));
      (${script})(ws)
    }`
    const { code: exit, signal, stdout } = await runChild(scope, code, { argument: url }).finished
    assert.deepEqual([exit, signal, stdout], [0, null, 'closed\n'])
  })
}

test('the process ends after failed handshakes', async (scope) => {
  const { code, stdout } = await runChild(scope, (WebSocket) => {
    const server = require('node:http').createServer((request, response) => response.end())
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      let left = 3
      const closed = () => { if (--left === 0) server.close(() => console.log('done')) }
      for (const url of [`ws://127.0.0.1:${port}/`, 'ws://127.0.0.1:1/', `wss://127.0.0.1:${port}/`]) {
        new WebSocket.Client(url).on('close', closed)
      }
    })
  }).finished
  assert.deepEqual([code, stdout], [0, 'done\n'])
})

test('the process of a server ends when the server and all connections are closed', async (scope) => {
  const { code, stdout } = await runChild(scope, (WebSocket) => {
    const server = require('node:http').createServer((request, response) => {
      const es = new WebSocket.EventSource(request, response)
      es.on('open', () => es.close())
    })
    server.on('upgrade', (request, socket, body) => {
      const ws = new WebSocket(request, socket, body, null, { ping: 60 })
      ws.on('message', ({ data }) => ws.send(data))
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      const ws = new WebSocket.Client(`ws://127.0.0.1:${port}/`)
      ws.on('open', () => ws.send('Hi'))
      ws.on('message', () => ws.close())
      ws.on('close', () => require('node:http').get({ port, agent: false }, (response) => {
        response.resume()
        response.on('end', () => server.close(() => console.log('done')))
      }))
    })
  }).finished
  assert.deepEqual([code, stdout], [0, 'done\n'])
})

test('an idle connection keeps the process alive', async (scope) => {
  const server = await accept(scope)
  const child = runChild(scope, (WebSocket, support, url) => {
    new WebSocket.Client(url).on('close', () => console.log('closed'))
  }, { argument: server.url })
  const peer = await server.acceptedOpen()
  await scope.settle(400)
  assert.equal(child.child.exitCode, null)
  peer.write(frame('close', ''))
  assert.equal((await child.finished).code, 0)
})

test('the server emits close with 1006 when the process of a client is killed', async (scope) => {
  const closes = []
  const { port } = await serve(scope, WebSocket, { onSocket: (ws) => ws.on('close', ({ code }) => closes.push(code)) })
  const child = runChild(scope, (WebSocket, support, port) => {
    new WebSocket.Client(`ws://127.0.0.1:${port}/`).on('open', () => console.log('open'))
  }, { argument: port })
  await once(child.child.stdout, 'data')
  child.child.kill('SIGKILL')
  await child.finished
  await scope.settle(50)
  assert.deepEqual(closes, [1006])
})
