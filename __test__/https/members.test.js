'use strict'

// The members of a server's socket that differ from Node's: see docs/https.md.

const assert = require('node:assert/strict')
const nodeHttps = require('node:https')
const net = require('node:net')
const tls = require('node:tls')
const v8 = require('node:v8')
const vm = require('node:vm')

const https = require('../../lib/https')
const { test } = require('../support/native')
const { listen } = require('../support/peer')
const { local, root } = require('../support/tls')

/** Resolves with what `ask` returns for the socket of a request. */
async function answerOf (scope, ask) {
  let answer
  const server = https.createServer(local, ({ socket }, response) => {
    answer = ask(socket, server)
    response.end()
  })
  const port = await listen(scope, server)
  await new Promise((resolve, reject) => {
    nodeHttps.get({ port, host: 'localhost', ca: root.cert, agent: false }, (response) => {
      response.resume()
      response.on('end', resolve)
    }).on('error', reject)
  })
  return answer
}

const ANSWERS = {
  'getSharedSigalgs() returns no names': [(socket) => socket.getSharedSigalgs(), []],
  'getSession() returns nothing': [(socket) => socket.getSession(), undefined],
  'getTLSTicket() returns nothing': [(socket) => socket.getTLSTicket(), undefined],
  'getFinished() returns nothing': [(socket) => socket.getFinished(), undefined],
  'getPeerFinished() returns nothing': [(socket) => socket.getPeerFinished(), undefined],
  'setMaxSendFragment() changes nothing': [(socket) => socket.setMaxSendFragment(512), false],
  'enableTrace() does nothing': [(socket) => socket.enableTrace(), undefined],
  'disableRenegotiation() does nothing': [(socket) => socket.disableRenegotiation(), undefined],
  'renegotiate() returns false': [(socket) => socket.renegotiate({}), false],
  'the class is that of TCP sockets': [
    (socket) => [socket instanceof net.Socket, socket instanceof tls.TLSSocket, socket.constructor === net.Socket],
    [true, false, true]
  ]
}
for (const [name, [ask, expected]] of Object.entries(ANSWERS)) {
  test(name, async (scope) => assert.deepEqual(await answerOf(scope, ask), expected))
}

for (const [name, code, ask] of [
  ['exportKeyingMaterial()', 'ERR_TLS_INVALID_STATE', (socket) => socket.exportKeyingMaterial(16, 'label')],
  ['setServername()', 'ERR_TLS_SNI_FROM_SERVER', (socket) => socket.setServername('a.test')]
]) {
  test(`${name} throws`, async (scope) => {
    await answerOf(scope, (socket) => assert.throws(() => ask(socket), { code }))
  })
}

test('all sockets have the same hidden class, so that programs access their properties fast', async (scope) => {
  v8.setFlagsFromString('--allow-natives-syntax')
  const haveSameClass = vm.runInThisContext('(one, other) => %HaveSameMap(one, other)')
  const held = []
  const server = https.createServer(local, ({ socket }, response) => {
    held.push({ socket, response })
    if (held.length < 4) return
    // V8 learns the kinds of values from the first sockets.
    const [one, other] = held.slice(2)
    assert.ok(haveSameClass(one.socket, other.socket))
    assert.ok(haveSameClass(one.socket._handle, other.socket._handle))
    for (const { response } of held) response.end()
  })
  const port = await listen(scope, server)
  await Promise.all(Array.from({ length: 4 }, () => new Promise((resolve, reject) => {
    nodeHttps.get({ port, host: 'localhost', ca: root.cert, agent: false }, (response) => {
      response.resume().on('end', resolve)
    }).on('error', reject)
  })))
})

test('the constructor of TLSSocket throws, because it would read encrypted bytes', async (scope) => {
  await answerOf(scope, (socket) => assert.throws(() => new tls.TLSSocket(socket), /StreamBase/))
})

test('renegotiate() passes an error to its callback', async (scope) => {
  const failed = await answerOf(scope, (socket) => new Promise((resolve) => socket.renegotiate({}, resolve)))
  assert.equal(failed.code, 'ERR_SSL_NO_RENEGOTIATION')
})

test('the methods remain when the connection has closed', async (scope) => {
  const socket = await answerOf(scope, (socket) => socket)
  if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve))
  assert.deepEqual([socket.getProtocol(), socket.getCipher(), socket.encrypted], [null, null, true])
})

test('connection and secureConnection have the same socket', async (scope) => {
  const seen = []
  const server = https.createServer(local)
  for (const name of ['connection', 'secureConnection']) server.on(name, (socket) => seen.push(socket))
  const port = await listen(scope, server)
  const client = tls.connect({ port, host: 'localhost', ca: root.cert })
  scope.defer(() => client.destroy())
  while (seen.length < 2) await scope.settle(5)
  assert.equal(seen[0], seen[1])
})
