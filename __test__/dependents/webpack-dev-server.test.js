'use strict'

// webpack-dev-server 4, which notifies its pages of compilations through sockjs.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { eventually } = require('../support/peer')
const { test } = require('../support/test')
const { serveProgram } = require('./dev-server')
const { SUBJECT, load } = require('./load')

/** A busy machine compiles slowly. */
const PATIENCE = 30000

test(`webpack-dev-server (${SUBJECT}): pages are notified of compilations`, async (scope) => {
  const { folder, server, write, port } = await serveProgram(scope)
  const SockJS = load('sockjs-client')
  const origin = `http://127.0.0.1:${port}`
  const options = { transports: ['websocket'], timeout: 8000, transportOptions: { websocket: { headers: { origin } } } }
  const pages = [1, 2].map(() => {
    const client = new SockJS(`${origin}/ws`, null, options)
    const messages = []
    client.onmessage = ({ data }) => messages.push(JSON.parse(data))
    return { messages, closed: new Promise((resolve) => { client.onclose = resolve }) }
  })
  const hashes = new Set()
  const follow = async (types) => {
    for (const { messages } of pages) {
      await eventually(() => messages.some(({ type }) => type === types.at(-1)), types.at(-1), PATIENCE)
      const seen = messages.splice(0)
      for (const { type, data } of seen) if (type === 'hash') hashes.add(data)
      assert.deepEqual(seen.map(({ type }) => type).filter((type) => type !== 'progress-update'), types)
    }
  }
  await follow(['hot', 'liveReload', 'progress', 'reconnect', 'overlay', 'hash', 'ok'])
  write('second')
  await follow(['invalid', 'hash', 'ok'])
  fs.writeFileSync(path.join(folder, 'part.js'), '} no JavaScript')
  await follow(['invalid', 'hash', 'errors'])
  write('third')
  await follow(['invalid', 'hash', 'ok'])
  assert.equal(hashes.size, 4)
  fs.appendFileSync(path.join(folder, 'public', 'index.html'), '<!-- changed -->')
  await follow(['static-changed'])

  await server.stop()
  // The server destroys its sockets.
  for (const { closed } of pages) assert.equal((await closed).code, 1006)
}, { timeout: 90000 })
