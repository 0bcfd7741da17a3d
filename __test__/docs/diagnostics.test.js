'use strict'

// docs/diagnostics.md: observe.js watches a server of another page, whose code is unchanged.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { once } = require('node:events')
const Ws = require('ws')

const { fileBlock } = require('../package/pages')
const { connectOpen, eventually } = require('../support/peer')
const { test } = require('../support/test')
const { projectFolder, startProgram } = require('./program')

const [major, minor] = process.versions.node.split('.').map(Number)
const skip = (major < 18 || (major === 18 && minor < 7)) && 'diagnostics_channel has no subscribe() before Node 18.7'

test('observe.js logs the connections of a program that does not know of it', async (scope) => {
  const folder = projectFolder()
  const observer = path.join(folder, 'observe.js')
  fs.writeFileSync(observer, fileBlock('observe.js'))
  const env = { NODE_OPTIONS: `--require ${JSON.stringify(observer)}` }
  const server = startProgram(scope, folder, 'shutdown.js', { printedPort: 8000, env })
  const port = await server.listening()

  const [first, second] = [1, 2].map(() => new Ws(`ws://127.0.0.1:${port}/`))
  await Promise.all([once(first, 'open'), once(second, 'open')])
  first.close(3000, 'bye')
  await once(first, 'close')
  second._socket.resetAndDestroy?.() ?? second.terminate()
  const refused = await connectOpen(scope, port, { 'Sec-WebSocket-Key': 'no key' })
  assert.match(refused.response, /^HTTP\/1\.1 400 /)

  await eventually(() => server.result.stderr.includes('failed to open'), 'the log is complete')
  const log = server.result.stderr.replace(/after \d+\.\d s/g, 'after 0.0 s')
  for (const line of [
    '#1 open, subprotocol "", 1 open',
    '#2 open, subprotocol "", 2 open',
    '#1 close, code 3000, reason "bye", after 0.0 s, 1 open',
    '#2 close, code 1006, reason "", after 0.0 s, 0 open',
    'a connection has failed to open'
  ]) assert.ok(log.split('\n').includes(line), `${line}\nis not in\n${log}`)
}, { skip })
