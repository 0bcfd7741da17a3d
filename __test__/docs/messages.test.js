'use strict'

// The programs of docs/messages.md.

const assert = require('node:assert/strict')
const http = require('node:http')
const { WebSocketServer } = require('ws')

const { listen } = require('../support/peer')
const { test } = require('../support/test')
const { projectFolder, runProgram } = require('./program')

const folder = projectFolder()

test('messages.js prints the messages that both ends receive', async (scope) => {
  const lines = await runProgram(scope, folder, 'messages.js', { printedPort: 8000 })
  const messages = ['Hello', '<Buffer 01 02 03>', '{"last":true}']
  for (const end of ['server', 'client']) {
    const received = lines.filter((line) => line.startsWith(end))
    assert.deepEqual(received, messages.map((message) => `${end}: ${message}`))
  }
  assert.deepEqual([lines.length, lines.includes('written')], [7, true])
})

test('backpressure.js sends every number, in order, to a server that reads slowly', async (scope) => {
  const server = http.createServer()
  let count = 0
  let pauses = 0
  let isInOrder = true
  new WebSocketServer({ server }).on('connection', (ws) => ws.on('message', (data) => {
    isInOrder &&= Number(data) === count
    count += 1
    if (count % 100000 !== 0) return
    pauses += 1
    ws.pause()
    setTimeout(() => ws.resume(), 50)
  }))
  const connectTo = await listen(scope, server)
  const lines = await runProgram(scope, folder, 'backpressure.js', { printedPort: 8000, connectTo })
  assert.deepEqual(lines, ['sent 1000000 close 1000'])
  assert.deepEqual([count, isInOrder, pauses], [1000000, true, 10])
}, { timeout: 60000 })
