'use strict'

// Clients that connect to our server, and their outcomes.

const assert = require('node:assert/strict')

const { record } = require('./client')
const { once } = require('./peer')
const { WebSocket } = require('./subject')
const { usesReactor } = require('./transport')

/** Creates a client that ends with the test. */
function dial (scope, url, options) {
  const ws = new WebSocket.Client(url, null, options)
  scope.defer(() => ws.terminate())
  return { events: record(ws), ws }
}

/** Connects a client, receives the echo of a large message, and closes the client. */
async function echo (scope, url, options) {
  const { events, ws } = dial(scope, url, options)
  ws.send('before open')
  assert.equal((await once(ws, 'message')).data, 'before open')
  const isNative = usesReactor(ws)
  const large = Buffer.alloc(500000, 'xyz')
  ws.send(large)
  assert.ok((await once(ws, 'message')).data.equals(large))
  ws.close(3000, 'done')
  assert.equal((await once(ws, 'close')).code, 3000)
  assert.deepEqual(events.map(([type]) => type), ['open', 'end', 'close'])
  return { isNative, ws }
}

/** Resolves with the events of a client that does not open. */
async function failure (scope, url, options) {
  const { events, ws } = dial(scope, url, options)
  await once(ws, 'close')
  return { events, ws }
}

module.exports = { dial, echo, failure }
