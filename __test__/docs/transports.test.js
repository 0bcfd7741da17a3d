'use strict'

// The programs of docs/transports.md, as printed.

const assert = require('node:assert/strict')
const { once } = require('node:events')

const WebSocket = require('ws')

const { eventually } = require('../support/peer')
const { test } = require('../support/test')
const { projectFolder, runProgram, startProgram } = require('./program')

const folder = projectFolder()

test('compare-transports.js measures both transports', async (scope) => {
  const lines = await runProgram(scope, folder, 'compare-transports.js', { printedPort: 8000 })
  assert.match(lines.join('\n'), /^native: 10000 round trips in \d+ ms\nstream: 10000 round trips in \d+ ms$/)
})

for (const transport of ['native', 'stream']) {
  test(`context.js: a handler finds the store of its connection, ${transport}`, async (scope) => {
    const program = startProgram(scope, folder, 'context.js', {
      env: { FAYE_WEBSOCKET_TRANSPORT: transport }, printedPort: 8000
    })
    const port = await program.listening()
    for (const text of ['Hello', 'Goodbye']) {
      const ws = new WebSocket(`ws://127.0.0.1:${port}/`)
      scope.defer(() => ws.terminate())
      await once(ws, 'open')
      ws.send(text)
      const [data] = await once(ws, 'message')
      assert.equal(String(data), text)
    }
    const printed = 'connection 1: Hello\nconnection 2: Goodbye\n'
    await eventually(() => program.result.stdout.length >= printed.length, 'both lines')
    assert.equal(program.result.stdout, printed)
  })
}
