'use strict'

// Many messages on many connections at once: all are delivered, and the handlers of a batch share one time slice.

const assert = require('node:assert/strict')
const { Worker } = require('node:worker_threads')

const { runChild } = require('../support/child')
const { test } = require('../support/native')
const { once } = require('../support/peer')
const { subjectPath } = require('../support/subject')

const SUPPORT = require.resolve('../support/peer')

test('each exception of a handler is reported once, and all other messages are delivered', async (scope) => {
  const { stdout, stderr } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    const scope = { defer: () => {} }
    const uncaught = []
    const received = []
    process.on('uncaughtException', (error) => uncaught.push(error))
    const thrown = []
    let natives = 0
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        const name = natives++
        if (!require('./transport').usesReactor(ws)) process.exit(3)
        ws.on('message', ({ data }) => {
          received.push(`${name} ${data}`)
          ws.send(data)
          if (data % 2 === 0) return
          const error = new Error(`${name} ${data}`)
          thrown.push(error)
          throw error
        })
      }
    }).then(async ({ port }) => {
      const peers = []
      for (let i = 0; i < 4; i++) peers.push(await connectOpen(scope, port))
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const peer of peers) peer.write(Buffer.concat([0, 1, 2, 3, 4].map((i) => fromClient('text', String(i)))))
      const replies = []
      for (const peer of peers) replies.push((await peer.frames(5)).map(({ payload }) => String(payload)).join(''))
      const same = uncaught.length === thrown.length && uncaught.every((error, index) => error === thrown[index])
      const each = [0, 1, 2, 3].map((name) => received.filter((text) => text.startsWith(`${name} `)).join(','))
      console.log(JSON.stringify({ uncaught: uncaught.map(({ message }) => message), same, each, replies }))
      process.exit()
    })
  }).finished
  assert.equal(stderr, '')
  const { uncaught, same, each, replies } = JSON.parse(stdout)
  assert.deepEqual(uncaught, [0, 1, 2, 3].flatMap((name) => [`${name} 1`, `${name} 3`]))
  assert.equal(same, true)
  assert.deepEqual(each, [0, 1, 2, 3].map((name) => [0, 1, 2, 3, 4].map((i) => `${name} ${i}`).join(',')))
  assert.deepEqual(replies, new Array(4).fill('01234'))
})

/** Runs in its own process or thread. */
async function receiveMany (WebSocket, { serve, connectOpen }, done) {
  const { fromClient } = require('./wire')
  const scope = { defer: () => {} }
  const [connections, each] = [128, 1024]
  const received = Array(connections).fill(0)
  const uncaught = []
  process.on('uncaughtException', ({ message }) => uncaught.push(message))
  let opened = 0
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      const name = opened++
      if (!require('./transport').usesReactor(ws)) process.exit(3)
      ws.on('message', () => { received[name]++ })
    }
  })
  const peers = []
  for (let i = 0; i < connections; i++) peers.push(await connectOpen(scope, port))
  const bytes = Buffer.concat(Array(each).fill(fromClient('text', '')))
  for (const peer of peers) peer.write(bytes)
  // Longer than the kernel needs: one turn reads all messages.
  const begun = Date.now()
  while (Date.now() - begun < 300);
  while (uncaught.length === 0 && received.some((count) => count < each)) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  done(received.every((count) => count === each) || uncaught[0])
  process.exit()
}

test('all messages are delivered when 128 connections receive 1024 messages each in one turn', async (scope) => {
  const code = `(WebSocket, support) => (${receiveMany})(WebSocket, support, console.log)`
  const { stdout, stderr } = await runChild(scope, code).finished
  assert.deepEqual([stdout, stderr], ['true\n', ''])
})

test('all messages are delivered in a worker with a small stack too', async (scope) => {
  const code = `const { createRequire } = require('node:module')
    require = createRequire(${JSON.stringify(SUPPORT)})
    ;(${receiveMany})(require(${JSON.stringify(subjectPath)}), require(${JSON.stringify(SUPPORT)}),
      (result) => require('node:worker_threads').parentPort.postMessage(result))`
  // Node does not start with much less.
  const worker = new Worker(code, { eval: true, resourceLimits: { stackSizeMb: 0.3 } })
  scope.defer(() => worker.terminate())
  const failed = new Promise((resolve, reject) => worker.once('error', reject))
  assert.equal(await Promise.race([once(worker, 'message', 15000), failed]), true)
})

test('the handlers of one batch share one time slice, even if it is delivered in parts', async (scope) => {
  const { stdout, stderr } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    const scope = { defer: () => {} }
    const connections = 8
    let handled = 0
    serve(scope, WebSocket, {
      onSocket: (ws) => ws.on('message', () => {
        // Runs before the remaining messages of a connection, which request their turn later.
        if (handled++ === 0) setImmediate(() => { console.log(handled); process.exit() })
        const begun = performance.now()
        while (performance.now() - begun < 1);
      })
    }).then(async ({ port }) => {
      const peers = []
      for (let i = 0; i < connections; i++) peers.push(await connectOpen(scope, port))
      const bytes = Buffer.concat(Array(1000).fill(fromClient('text', '')))
      for (const peer of peers) peer.write(bytes)
      // Longer than the kernel needs: one batch contains all messages.
      const begun = Date.now()
      while (Date.now() - begun < 300);
    })
  }).finished
  assert.equal(stderr, '')
  // 20 ms, at least one per handler, and the handlers between two readings of the clock.
  assert.ok(Number(stdout) > 0 && Number(stdout) <= 60, `${stdout} handlers`)
})
