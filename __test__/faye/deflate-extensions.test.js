'use strict'

// permessage-deflate next to extensions in JavaScript, with the program's own zlib, or changed by the program. The peer
// is faye-websocket with npm's permessage-deflate.

const assert = require('node:assert/strict')
const { createHook } = require('node:async_hooks')
const zlib = require('node:zlib')

const npm = require('permessage-deflate')

const deflate = require('../../lib/permessage-deflate')
const { runChild } = require('../support/child')
const { noise } = require('../support/deflate')
const { openPair } = require('../support/open')
const { echoEach } = require('../support/client')
const { eventually, once, serve } = require('../support/peer')
const { WebSocket, original } = require('../support/subject')
const { deviation, test } = require('../support/test')

const LARGE = Array.from({ length: 20000 }, (_, id) => JSON.stringify({ id, name: `entry ${id * id % 999}` })).join()
const MESSAGES = [
  'Hello', 'Hello', '', 'é€😀', LARGE, noise(300000), 'small', Buffer.alloc(0), LARGE, noise(300000), 'bye'
]

/**
 * An extension that owns RSV2 and changes every byte, after a delay that depends on the length of the message. `seen`
 * records the RSV1 bit and the length of every message that its sessions have received.
 */
function flipping () {
  const seen = { incoming: [], outgoing: [] }
  const process = (direction, rsv2) => (message, callback) => {
    seen[direction].push([message.rsv1, message.data.length])
    message.data = Buffer.from(message.data.map((byte) => byte ^ 0x55))
    message.rsv2 = rsv2
    setTimeout(() => callback(null, message), message.data.length % 3)
  }
  const session = () => ({
    generateOffer: () => ({ by: 0x55 }),
    generateResponse: () => ({ by: 0x55 }),
    activate: () => true,
    processIncomingMessage: process('incoming', false),
    processOutgoingMessage: process('outgoing', true),
    close () {}
  })
  return {
    name: 'x-flip',
    type: 'permessage',
    rsv1: false,
    rsv2: true,
    rsv3: false,
    createClientSession: session,
    createServerSession: session,
    seen
  }
}

/** Sends all messages to an echo server and compares the replies. */
async function echo (scope, { server, client }, messages = MESSAGES) {
  const { client: ws, server: accepted } = await openPair(scope, {
    client: { options: { extensions: client.extensions }, Subject: client.library },
    server: { onSocket: echoEach, options: { extensions: server.extensions }, Subject: server.library }
  })
  const received = []
  ws.on('message', ({ data }) => received.push(data))
  for (const message of messages) ws.send(message)
  await eventually(() => received.length === messages.length || ws.readyState === 3, 'all echoes')
  assert.equal(received.length, messages.length)
  for (const [index, message] of messages.entries()) {
    const isSame = typeof message === 'string' ? received[index] === message : message.equals(received[index])
    assert.ok(isSame, `message ${index}`)
  }
  const closed = Promise.all([once(ws, 'close'), once(accepted, 'close')])
  ws.close(3000, 'bye')
  assert.deepEqual((await closed).map(({ code, reason }) => [code, reason]), [[3000, 'bye'], [3000, 'bye']])
  return ws.headers['sec-websocket-extensions']
}

const ENDS = [
  ['our server and the original\'s client', WebSocket, original],
  ['the original\'s server and our client', original, WebSocket],
  ['our server and our client', WebSocket, WebSocket]
]
const extensionFor = (library) => library === original ? npm : deflate

for (const [ends, server, client] of ENDS) {
  test(`${ends} exchange messages with only permessage-deflate`, async (scope) => {
    const answer = await echo(scope, {
      server: { library: server, extensions: [extensionFor(server)] },
      client: { library: client, extensions: [extensionFor(client)] }
    })
    assert.equal(answer, 'permessage-deflate')
  })

  for (const [order, isFirst, answer] of [
    ['before', true, 'x-flip; by=85, permessage-deflate'],
    ['after', false, 'permessage-deflate, x-flip; by=85']
  ]) {
    test(`${ends} exchange messages with an extension ${order} permessage-deflate`, async (scope) => {
      const [serverFlip, clientFlip] = [flipping(), flipping()]
      const list = (flip, library) => isFirst ? [flip, extensionFor(library)] : [extensionFor(library), flip]
      assert.equal(await echo(scope, {
        server: { library: server, extensions: list(serverFlip, server) },
        client: { library: client, extensions: list(clientFlip, client) }
      }), answer)

      // Outgoing messages pass from the first to the last, incoming ones from the last to the first.
      const lengths = MESSAGES.map((message) => Buffer.byteLength(message))
      for (const { incoming, outgoing } of [serverFlip.seen, clientFlip.seen]) {
        assert.ok(outgoing.every(([rsv1]) => rsv1 === !isFirst))
        for (const seen of [incoming, outgoing]) {
          const isAsSent = seen.every(([, length], index) => length === lengths[index])
          assert.equal(isAsSent, isFirst)
        }
      }
    })
  }

  test(`${ends} do not compress if only one of them has permessage-deflate`, async (scope) => {
    for (const [serverHas, clientHas] of [[true, false], [false, true]]) {
      const flips = [flipping(), flipping()]
      assert.equal(await echo(scope, {
        server: { library: server, extensions: serverHas ? [extensionFor(server), flips[0]] : [flips[0]] },
        client: { library: client, extensions: clientHas ? [extensionFor(client), flips[1]] : [flips[1]] }
      }, ['a', 'b']), 'x-flip; by=85')
    }
  })
}

/** A module like Node's zlib. `made` lists the streams that it has created. */
function countingZlib () {
  const made = []
  return {
    made,
    createDeflateRaw (options) {
      made.push('deflate')
      return zlib.createDeflateRaw(options)
    },
    createInflateRaw (options) {
      made.push('inflate')
      return zlib.createInflateRaw(options)
    }
  }
}

for (const [name, extension] of [['npm\'s', npm], ['our', deflate]]) {
  test(`the zlib option of ${name} permessage-deflate does all the work`, async (scope) => {
    const custom = countingZlib()
    const answer = await echo(scope, {
      server: { library: WebSocket, extensions: [extension.configure({ zlib: custom })] },
      client: { library: original, extensions: [npm] }
    })
    assert.equal(answer, 'permessage-deflate')
    assert.deepEqual(custom.made.sort(), ['deflate', 'inflate'])
    const forClient = countingZlib()
    await echo(scope, {
      server: { library: original, extensions: [npm] },
      client: { library: WebSocket, extensions: [extension.configure({ zlib: forClient })] }
    })
    assert.deepEqual(forClient.made.sort(), ['deflate', 'inflate'])
  })

  // Each `make` returns the extension with another createServerSession().
  for (const [how, make] of [
    ['derived from', (extension, create) => Object.assign(Object.create(extension), { createServerSession: create })],
    ['a copy of', (extension, create) => ({ ...extension, createServerSession: create })],
    ['configured and changed from', (extension, create) => (
      Object.assign(extension.configure({ level: 1 }), { createServerSession: create })
    )]
  ]) {
    test(`the sessions of an extension ${how} ${name} permessage-deflate process all messages`, async (scope) => {
      let messages = 0
      const changed = make(extension, function (...args) {
        const session = extension.createServerSession.apply(this, args)
        for (const method of ['processIncomingMessage', 'processOutgoingMessage']) {
          const process = session[method]
          session[method] = function (...args) {
            messages++
            return process.apply(this, args)
          }
        }
        return session
      })
      const answer = await echo(scope, {
        server: { library: WebSocket, extensions: [changed] },
        client: { library: original, extensions: [npm] }
      })
      assert.equal(answer, 'permessage-deflate')
      // npm's sessions call their own methods again for queued messages.
      assert.ok(messages >= 2 * MESSAGES.length, `${messages} messages`)
    })
  }

  deviation(`the native implementation does the work of ${name} permessage-deflate`, async (scope) => {
    let streams = 0
    const hook = createHook({ init: (id, type) => { if (type === 'ZLIB') streams++ } }).enable()
    scope.defer(() => hook.disable())
    for (const configured of [extension, extension.configure({ level: 1 })]) {
      await echo(scope, {
        server: { library: WebSocket, extensions: [configured] },
        client: { library: WebSocket, extensions: configured }
      })
    }
    assert.equal(streams, 0)
    await echo(scope, {
      server: { library: WebSocket, extensions: [extension] },
      client: { library: original, extensions: [npm] }
    })
    assert.equal(streams, 2)
  })
}

test('the constructor throws for a second extension with the same name', async (scope) => {
  const { url } = await serve(scope, WebSocket)
  for (const extensions of [[deflate, deflate], [npm, deflate], [deflate, npm.configure({ level: 1 })]]) {
    assert.throws(() => new WebSocket.Client(url, null, { extensions }), {
      message: 'An extension with name "permessage-deflate" is already registered'
    })
  }
})

for (const [name, value] of [['maxWindowBits', 7], ['requestMaxWindowBits', 16], ['maxWindowBits', '\'9\'']]) {
  test(`a client throws for ${name} ${value}`, async (scope) => {
    const { url } = await serve(scope, WebSocket)
    const { stdout } = await runChild(scope, `(WebSocket, support, url) => {
      process.on('uncaughtException', ({ message }) => {
        console.log(message)
        process.exit()
      })
      const extension = require('permessage-deflate').configure({ ${name}: ${value} })
      new WebSocket.Client(url, null, { extensions: [extension] })
    }`, { argument: url }).finished
    assert.equal(stdout, `Invalid value for ${name}\n`)
  })
}
