'use strict'

// The policy of a server's connections, whose options are converted once.

const assert = require('node:assert/strict')

const { Connection } = require('../../lib/connection/connection')
const { ServerPolicy } = require('../../lib/connection/policy')
const { judgeHandshake } = require('../../lib/http/handshake')
const { test } = require('../support/test')

const HEADERS = {
  host: 'example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': 'JFBCWHksyIpXV+6Wlq/9pw==',
  'sec-websocket-version': '13'
}
const POLICIES = [{}, { interface: 'websocket-node' }, { interface: 'websocket-node', strictHandshake: false }]
const requestWith = (headers, other) =>
  ({ method: 'GET', httpVersion: '1.1', headers: { ...HEADERS, ...headers }, ...other })

test('a policy judges a request as its options do', () => {
  const cases = [
    {}, { host: undefined }, { host: '' }, { upgrade: 'tea' }, { connection: 'close' }, { 'sec-websocket-key': 'é' },
    { 'sec-websocket-version': '7' }, { 'sec-websocket-version': 13 }, { 'sec-websocket-protocol': 'a b' },
    { 'sec-websocket-protocol': ['a', 'b'] }, { 'sec-websocket-protocol': ['a b'] },
    { 'sec-websocket-extensions': 'a,,b' }, { 'sec-websocket-key': undefined, 'sec-websocket-key1': '1 2' }
  ].map((headers) => requestWith(headers))
  cases.push(requestWith({}, { method: 'POST' }), requestWith({ host: undefined }, { httpVersion: '1.0' }))
  for (const options of POLICIES) {
    const policy = new ServerPolicy(options)
    for (const request of cases) {
      assert.deepEqual(policy.judge(request), judgeHandshake(request, options), JSON.stringify([request, options]))
    }
  }
})

test('a connection takes the limits of its policy', () => {
  const connection = Connection.server(requestWith(), 'ws://example.com/', new ServerPolicy({ maxLength: 3 }))
  const failures = []
  connection.observer = { wants: 0, opened () {}, closed () {}, failed ({ message }) { failures.push(message) } }
  connection.start()
  connection.delivery.receive(Buffer.from('8184000000006162636400', 'hex'))
  assert.deepEqual(failures, ['WebSocket frame length too large'])
})
