'use strict'

// Timers with a delay that a program sets run on the program's clock, which its tests can replace and advance.

const assert = require('node:assert/strict')
const http = require('node:http')
const FakeTimers = require('@sinonjs/fake-timers')

const { openServer } = require('../support/open')
const { accept } = require('../support/peer')
const { runChild } = require('../support/child')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { closePayload, fromClient } = require('../support/wire')

const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']

function fake (scope) {
  const clock = FakeTimers.install({ toFake: TIMERS })
  scope.defer(() => clock.uninstall())
  return clock
}

const codeOf = (ws) => new Promise((resolve) => ws.on('close', ({ code }) => resolve(code)))

test('ping: a ping is sent when the fake clock reaches the interval', async (scope) => {
  const clock = fake(scope)
  const { peer, ws } = await openServer(scope, { options: { ping: 10 } })
  clock.tick(9999)
  ws.send('no ping before this')
  clock.tick(1)
  const [message, ping] = await peer.frames(2)
  assert.equal(message.payload.toString(), 'no ping before this')
  assert.equal(ping.type, 'ping')
  ws.close()
  peer.write(fromClient('close', closePayload(1000)))
  await codeOf(ws)
  assert.equal(clock.countTimers(), 0)
})

deviation('pingTimeout: a connection ends when the fake clock reaches the limit', async (scope) => {
  const clock = fake(scope)
  const { peer, ws } = await openServer(scope, { options: { ping: 10, pingTimeout: 5 } })
  const closed = codeOf(ws)
  clock.tick(10000)
  await peer.frame()
  clock.tick(5000)
  assert.equal(await closed, 1006)
  assert.equal(clock.countTimers(), 0)
})

deviation('handshakeTimeout: a client ends when the fake clock reaches the limit', async (scope) => {
  const server = await accept(scope)
  const clock = fake(scope)
  const ws = new WebSocket.Client(server.url, [], { handshakeTimeout: 20 })
  const closed = codeOf(ws)
  await server.accepted()
  clock.tick(20000)
  assert.equal(await closed, 1006)
  assert.equal(clock.countTimers(), 0)
})

test('a close without an answer ends when the fake clock reaches closeTimeout', async (scope) => {
  const clock = fake(scope)
  const { peer, ws } = await openServer(scope)
  const closed = codeOf(ws)
  ws.close(3000)
  await peer.frame()
  clock.tick(29999)
  assert.equal(ws.readyState, 2)
  clock.tick(1)
  assert.equal(await closed, 1006)
  await peer.ended()
})

test('an EventSource sends its pings on the fake clock', async (scope) => {
  const clock = fake(scope)
  const server = http.createServer((request, response) => {
    const source = new WebSocket.EventSource(request, response, { ping: 10 })
    source.on('open', () => clock.tick(10000))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  scope.defer(() => server.close())
  const headers = { Accept: 'text/event-stream' }
  const text = await new Promise((resolve, reject) => {
    const request = http.get({ port: server.address().port, host: '127.0.0.1', agent: false, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
        if (text.includes(':\r\n')) resolve(text)
      })
    })
    request.on('error', reject)
    scope.defer(() => request.destroy())
  })
  assert.match(text, /^retry: 5000\r\n\r\n:\r\n/)
})

const OTHER_CLOCKS = {
  'a fake clock is installed after the timer was set': { from: 'real', to: 'fake' },
  'the fake clock that set the timer is uninstalled': { from: 'fake', to: 'real' },
  'another fake clock is installed': { from: 'fake', to: 'fake' }
}
for (const [name, { from, to }] of Object.entries(OTHER_CLOCKS)) {
  deviation(`the timers of a connection stop at its end when ${name}`, async (scope) => {
    const { finished } = runChild(scope, (WebSocket, { connectOpen, once, serve }, json) => {
      const FakeTimers = require('@sinonjs/fake-timers')
      const { from, to, TIMERS } = JSON.parse(json)
      const scope = { defer () {} }
      const first = from === 'fake' ? FakeTimers.install({ toFake: TIMERS }) : null
      process.on('warning', (warning) => console.log(warning.message))
      http()

      async function http () {
        const options = { ping: 1000, pingTimeout: 1000, handshakeTimeout: 1000, closeTimeout: 1000 }
        let ws
        const { port, server } = await serve(scope, WebSocket, { options, onSocket: (each) => { ws = each } })
        const peer = await connectOpen(scope, port)
        if (ws.readyState === 0) await once(ws, 'open')
        ws.on('close', ({ code }) => {
          console.log('close', code, first?.countTimers())
          server.close()
        })
        ws.close()
        if (first) first.uninstall()
        if (to === 'fake') FakeTimers.install({ toFake: TIMERS })
        await peer.frame()
        peer.socket.destroy()
      }
    }, { argument: JSON.stringify({ from, to, TIMERS }) })
    const { code, signal, stdout, stderr } = await finished
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, 'the process ends')
    assert.equal(stdout, `close 1006 ${from === 'fake' ? 0 : undefined}\n`)
  })
}
