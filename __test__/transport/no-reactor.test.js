'use strict'

// The transport of a socket when the reactor cannot start.

const assert = require('node:assert/strict')
const net = require('node:net')

const native = require('../../lib/native')
const { connect } = require('../../lib/transport')
const { once } = require('../support/peer')
const { test } = require('../support/native')

/** Connects a socket, and replaces the reactor by one whose constructor throws. */
async function prepare (scope, error) {
  const { Reactor } = native
  native.Reactor = class { constructor () { throw error } }
  scope.defer(() => { native.Reactor = Reactor })
  const server = net.createServer()
  scope.defer(() => server.close())
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = net.connect(server.address().port, '127.0.0.1')
  scope.defer(() => socket.destroy())
  const [peer] = await Promise.all([once(server, 'connection'), once(socket, 'connect')])
  scope.defer(() => peer.destroy())
  return socket
}

test('a socket uses the stream transport when no descriptors are left for a reactor', async (scope) => {
  const socket = await prepare(scope, Object.assign(new Error('Too many open files'), { code: 'GenericFailure' }))
  assert.equal(connect(socket, {}).isNative, false)
})

test('any other error of the reactor reaches the program', async (scope) => {
  const socket = await prepare(scope, Object.assign(new Error('another build'), { code: 'InvalidArg' }))
  assert.throws(() => connect(socket, {}), /another build/)
})
