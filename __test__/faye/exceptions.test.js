'use strict'

// An error that a handler throws is an uncaught exception of the program and does not affect the connection.
// The functions passed to `runChild` run as text in another process, where only their parameters and `require` exist.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { deviation } = require('../support/test')

deviation('messages are delivered after a handler has thrown, without further bytes', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient, closePayload } = require('./wire')
    const scope = { defer: () => {} }
    const errors = new Set()
    process.on('uncaughtException', (error) => {
      errors.add(error)
      console.log('uncaught', error.message, error.data)
    })
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.onmessage = ({ data }) => {
          console.log('message', data)
          if (data !== 'three') throw Object.assign(new Error('mine'), { data })
        }
        ws.on('close', ({ code }) => {
          console.log('close', code, errors.size)
          process.exit()
        })
      }
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      const texts = ['one', 'two', 'three'].map((text) => fromClient('text', text))
      peer.write(Buffer.concat([...texts, fromClient('close', closePayload(1000))]))
    })
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), [
    'message one', 'uncaught mine one', 'message two', 'uncaught mine two', 'message three', 'close 1000 2'
  ])
})

deviation('close follows when a listener of end throws', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const scope = { defer: () => {} }
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.on('end', () => { throw new Error('mine') })
        ws.on('close', ({ code }) => {
          console.log('close', code, ws.readable, ws.writable)
          setTimeout(process.exit, 50)
        })
      }
    }).then(async ({ port }) => (await connectOpen(scope, port)).socket.end())
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), ['close 1006 false false', 'uncaught mine'])
})

deviation('the connection to a proxy that refuses ends when a handler throws', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket) => {
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    const proxy = require('node:net').createServer((socket) => {
      socket.on('close', () => console.log('hung up'))
      socket.once('data', () => socket.write('HTTP/1.1 407 Who are you?\r\n\r\n'))
    })
    proxy.listen(0, '127.0.0.1', () => {
      const origin = 'http://127.0.0.1:' + proxy.address().port
      const ws = new WebSocket.Client('ws://example.invalid/', null, { proxy: { origin } })
      ws.onerror = () => { throw new Error('mine') }
      ws.on('close', ({ code }) => {
        console.log('close', code)
        setTimeout(process.exit, 200)
      })
    })
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), ['close 1006', 'uncaught mine', 'hung up'])
})

deviation('a connection closes when the close() of a session throws', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient, closePayload } = require('./wire')
    const scope = { defer: () => {} }
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    const session = { generateResponse: () => ({}), close () { throw new Error('mine') } }
    const bits = { rsv1: false, rsv2: false, rsv3: false }
    const extension = { name: 'test', type: 'permessage', ...bits, createServerSession: () => session }
    serve(scope, WebSocket, {
      options: { extensions: [extension] },
      onSocket: (ws) => ws.on('close', ({ code }) => {
        console.log('close', code)
        setTimeout(process.exit, 50)
      })
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port, { 'Sec-WebSocket-Extensions': 'test' })
      peer.write(fromClient('close', closePayload(1000)))
    })
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), ['close 1000', 'uncaught mine'])
})

deviation('an exception from a handler ends the process if it is not caught', async (scope) => {
  const { code, stderr } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    const scope = { defer: () => {} }
    serve(scope, WebSocket, { onSocket: (ws) => { ws.onmessage = () => { throw new Error('mine') } } })
      .then(async ({ port }) => {
        const peer = await connectOpen(scope, port)
        peer.write(fromClient('text', 'x'))
      })
  }).finished
  assert.equal(code, 1)
  assert.match(stderr, /Error: mine/)
})

deviation('handlers and callbacks can throw any value', async (scope) => {
  const { stdout, code } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient, closePayload } = require('./wire')
    const scope = { defer: () => {} }
    const thrown = []
    process.on('uncaughtException', (error) => thrown.push(error))
    const values = { open: undefined, message: null, data: 'text', ping: 5, close: Object.freeze({}) }
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.once('open', () => { throw values.open })
        ws.once('message', () => { throw values.message })
        ws.once('data', () => { throw values.data })
        ws.once('close', () => { throw values.close })
        ws.ping('a', () => { throw values.ping })
      }
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      const close = fromClient('close', closePayload(1000))
      for (const bytes of [fromClient('text', 'x'), fromClient('text', 'x'), fromClient('pong', 'a'), close]) {
        peer.write(bytes)
        await new Promise((resolve) => setTimeout(resolve, 40))
      }
      const expected = Object.values(values)
      console.log(thrown.length, expected.every((value) => thrown.includes(value)))
      process.exit()
    })
  }).finished
  assert.deepEqual([stdout, code], ['5 true\n', 0])
})
