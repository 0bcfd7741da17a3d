'use strict'

// live-server, which serves a folder and reloads its pages when a file changes.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { eventually, once } = require('../support/peer')
const { test } = require('../support/test')
const { serveLive } = require('./live')
const { ENDS, load } = require('./load')
const { fetchFrom } = require('./requests')

for (const ends of ENDS) {
  const title = `live-server, client: ${ends.client}, server: ${ends.server}`

  async function start (scope, options) {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'live-'))
    scope.defer(() => fs.rmSync(root, { recursive: true }))
    fs.writeFileSync(path.join(root, 'index.html'), '<body>first</body>')
    const { port, write } = await serveLive(scope, ends.server, root, options)
    return { port, write, ...await greeted(scope, ends.client, port) }
  }

  test(`${title}: pages are notified of changes`, async (scope) => {
    const { port, received, write } = await start(scope)
    const { text } = await fetchFrom(port, '/')
    assert.match(text, /^<body>first/)
    assert.match(text, /new WebSocket\(address\)/)
    write('index.html', '<body>second</body>')
    await eventually(() => received.length >= 2, 'the reload')
    write('style.css', 'body {}')
    await eventually(() => received.includes('refreshcss'), 'the style')
    assert.deepEqual([...new Set(received)], ['connected', 'reload', 'refreshcss'])
    assert.match((await fetchFrom(port, '/')).text, /^<body>second/)
  })

  test(`${title}: with the option wait, several changes cause one reload`, async (scope) => {
    const { received, write } = await start(scope, { wait: 400 })
    for (const name of ['a.js', 'b.js', 'c.js']) write(name, 'let x')
    await eventually(() => received.length === 2, 'the reload')
    await scope.settle(100)
    assert.deepEqual(received, ['connected', 'reload'])
  })

  test(`${title}: pages that have disconnected are removed`, async (scope) => {
    const { port, ws, received, write } = await start(scope)
    ws.close()
    assert.equal((await once(ws, 'close')).code, 1000)
    const other = await greeted(scope, ends.client, port)
    write('a.js', 'let x')
    await eventually(() => other.received.includes('reload'), 'the reload')
    assert.deepEqual(received, ['connected'])
  })
}

/** Connects a page, waits for the greeting, and records its messages. */
async function greeted (scope, behind, port) {
  const { Client } = load('faye-websocket', behind)
  const ws = new Client(`ws://127.0.0.1:${port}//ws`)
  const received = []
  ws.on('message', ({ data }) => received.push(data))
  scope.defer(() => ws.close())
  await eventually(() => received.length === 1, 'the greeting')
  return { ws, received }
}
