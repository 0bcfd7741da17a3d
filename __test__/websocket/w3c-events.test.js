'use strict'

// Events of w3cwebsocket with which the original fails. __test__/parity tests the shared behaviour.

const assert = require('node:assert/strict')

const { w3cwebsocket: W3CWebSocket } = require('../../lib/websocket')
const { askW3C, heard, openW3C } = require('../support/asking')
const { runChild } = require('../support/child')
const { test } = require('../support/test')
const { closePayload, frame, upgradeResponse } = require('../support/wire')

for (const type of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
  test(`${type} is a valid event type`, async (scope) => {
    const { ws } = await askW3C(scope)
    const events = []
    const listener = (event) => events.push(event)
    ws.removeEventListener(type, listener)
    ws.dispatchEvent({ type })
    ws.addEventListener(type, listener)
    const event = { type }
    assert.equal(ws.dispatchEvent(event), true)
    assert.deepEqual(events, [event])
    ws.removeEventListener(type, listener)
    ws.dispatchEvent({ type })
    assert.equal(events.length, 1)
  })
}

test('a subclass can override addEventListener and dispatchEvent', () => {
  class Own extends W3CWebSocket {
    addEventListener (type, listener) {
      (this.heard ??= []).push(type, listener)
    }

    dispatchEvent ({ type }) {
      (this.told ??= []).push(type)
    }
  }
  const ws = new Own('ws://127.0.0.1:1/')
  ws.addEventListener('open', 5)
  ws.close()
  assert.deepEqual([ws.heard, ws.told], [['open', 5], ['error', 'close']])
})

test('a program can replace the dispatchEvent of a socket', async (scope) => {
  const { peer, request, ws } = await askW3C(scope)
  const events = []
  const { dispatchEvent } = ws
  ws.dispatchEvent = function (event) {
    events.push(event.type)
    return dispatchEvent.call(this, event)
  }
  const opened = heard(ws, 'open')
  peer.write(upgradeResponse(request))
  await opened
  const closed = heard(ws, 'close')
  peer.write(frame('text', 'a'))
  peer.socket.end(frame('close', closePayload(1000)))
  await closed
  assert.deepEqual(events, ['open', 'message', 'close'])
})

test('a program can set, replace and remove handlers at any time', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  const messages = []
  ws.onmessage = ({ data }) => {
    messages.push(`first ${data}`)
    ws.onmessage = ({ data }) => {
      messages.push(`second ${data}`)
      ws.onmessage = null
    }
  }
  ws.addEventListener('message', function once ({ data }) {
    messages.push(`once ${data}`)
    ws.removeEventListener('message', once)
  })
  peer.write(Buffer.concat(['a', 'b', 'c'].map((text) => frame('text', text))))
  const closed = heard(ws, 'close')
  peer.socket.end(frame('close', closePayload(1000)))
  await closed
  assert.deepEqual(messages, ['first a', 'once a', 'second b'])
})

test('each message has its own event object', async (scope) => {
  const { peer, ws } = await openW3C(scope)
  const events = []
  ws.onmessage = (event) => events.push(event)
  const closed = heard(ws, 'close')
  peer.write(Buffer.concat([frame('text', 'a'), frame('text', 'b')]))
  peer.socket.end(frame('close', closePayload(1000)))
  await closed
  assert.deepEqual(events.map(({ data, target }) => [data, target === ws]), [['a', true], ['b', true]])
  assert.notEqual(events[0], events[1])
})

test('an exception of a handler is an uncaught exception, and the connection continues', async (scope) => {
  const { stdout } = await runChild(scope, ({ w3cwebsocket: W3CWebSocket }, { accept }) => {
    const { closePayload, frame, upgradeResponse } = require('./wire')
    process.on('uncaughtException', ({ message }) => console.log('uncaught', message))
    accept({ defer () {} }).then(async (server) => {
      const ws = new W3CWebSocket(server.url)
      for (const type of ['open', 'message', 'close']) {
        ws['on' + type] = ({ data = '', code = '' }) => {
          console.log(type, data, code)
          if (type === 'close') setTimeout(process.exit, 20)
          throw new Error(`of ${type}`)
        }
      }
      const peer = await server.accepted()
      const head = await peer.head()
      peer.socket.end(Buffer.concat([
        Buffer.from(upgradeResponse(head)), frame('text', 'a'), frame('text', 'b'), frame('close', closePayload(1000))
      ]))
    })
  }, { path: require.resolve('../../lib/websocket') }).finished
  const lines = stdout.trim().split('\n').map((line) => line.trim().replace(/ +/g, ' '))
  const isThrown = (line) => line.startsWith('uncaught')
  const [thrown, events] = [lines.filter(isThrown), lines.filter((line) => !isThrown(line))]
  assert.deepEqual(events, ['open', 'message a', 'message b', 'close 1000'])
  assert.deepEqual(thrown, ['open', 'message', 'message', 'close'].map((type) => `uncaught of ${type}`))
})
