'use strict'

// Sessions, as the websocket-extensions framework calls them: the results, and the order and the time of the results.

const assert = require('node:assert/strict')
const zlib = require('node:zlib')

const npm = require('permessage-deflate')

const deflate = require('../../lib/permessage-deflate')
const { test } = require('../support/test')
const { CODECS, agree, compress, foreignZlib, incoming, message, noise, outgoing } = require('./codecs')

const MiB = 1024 * 1024
const JSON_TEXT = JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, name: `entry ${id}`, ok: true })))
const MESSAGES = [
  'Hello', 'Hello', '', 'é€😀', JSON_TEXT, JSON_TEXT.slice(100), 'x'.repeat(100000), noise(70000), noise(70000), '',
  Buffer.alloc(MiB, JSON_TEXT), noise(200000), 'bye'
]
// Refers to bytes that were never sent.
const DANGLING = compress('0123456789', { dictionary: Buffer.from('0123456789') })
const SETTINGS = [
  {}, { level: 9, memLevel: 9 }, { level: 0 }, { level: 1, memLevel: 1 }, { strategy: 1 }, { strategy: 2 },
  { strategy: 3 }, { strategy: 4 }, { noContextTakeover: true }, { requestNoContextTakeover: true },
  { maxWindowBits: 9 }, { requestMaxWindowBits: 9 }, { maxWindowBits: 8, requestMaxWindowBits: 8 },
  { noContextTakeover: true, requestNoContextTakeover: true, maxWindowBits: 10, requestMaxWindowBits: 12 }
]

for (const [threshold, shown] of [[-1, '-1'], [NaN, 'NaN'], ['1024', "'1024'"], [null, 'null'], [10n, '10n']]) {
  test(`a threshold of ${shown} is refused`, () => {
    const message = `Invalid threshold: ${shown}; expected a number of bytes, at least 0`
    assert.throws(() => deflate.configure({ threshold }), { name: 'RangeError', message })
  })
}

for (const [codec, configured] of CODECS) {
  for (const settings of SETTINGS) {
    for (const [peer, other] of [['itself', configured(settings)], ['npm\'s module', npm.configure({ ...settings })]]) {
      test(`${codec} and ${peer} inflate each other's messages with ${JSON.stringify(settings)}`, async () => {
        for (const { client, server } of [agree(configured(settings), other), agree(other, configured(settings))]) {
          for (const [from, to] of [[client, server], [server, client]]) {
            for (const [index, data] of MESSAGES.entries()) {
              const sent = await outgoing(from, data)
              assert.equal(sent.rsv1, true)
              const received = await incoming(to, sent.data)
              assert.ok(received.data.equals(Buffer.from(data)), `message ${index}`)
            }
          }
          client.close()
          server.close()
        }
      })
    }
  }

  test(`${codec}: a message is changed in place and keeps its other properties`, async () => {
    const { client, server } = agree(configured({}), configured({}))
    const given = { ...message('Hello'), rsv3: true, extra: 1 }
    const result = await new Promise((resolve, reject) => {
      client.processOutgoingMessage(given, (error, result) => error ? reject(error) : resolve(result))
    })
    assert.equal(result, given)
    assert.deepEqual({ ...result, data: null }, {
      rsv1: true, rsv2: false, rsv3: true, opcode: 2, data: null, extra: 1
    })
    assert.equal((await incoming(server, result.data)).data.toString(), 'Hello')
  })

  test(`${codec}: npm's module inflates short messages, and repeated messages are shorter`, async () => {
    const { server } = agree(npm, configured({}))
    const sent = []
    for (const text of ['Hello', 'Hello', '']) sent.push((await outgoing(server, text)).data.toString('hex'))
    const inflater = agree(configured({}), npm).client
    for (const [index, text] of ['Hello', 'Hello', ''].entries()) {
      assert.equal((await incoming(inflater, Buffer.from(sent[index], 'hex'))).data.toString(), text)
    }
    assert.equal(sent[2], '00')
    assert.ok(sent[1].length < sent[0].length, `${sent}`)
  })

  test(`${codec}: messages shorter than the threshold stay uncompressed and in order`, async () => {
    const { client, server } = agree(configured({ threshold: 5 }), npm)
    const given = ['Hell', 'Hello', '', 'x'.repeat(200_000), 'Hell', 'Hello']
    const sent = await Promise.all(given.map((text) => outgoing(client, text)))
    assert.deepEqual(sent.map(({ rsv1 }) => rsv1), [false, true, false, true, false, true])
    for (const [index, message] of sent.entries()) {
      const data = message.rsv1 ? (await incoming(server, message.data)).data : message.data
      assert.equal(data.toString(), given[index])
    }
    const { client: none } = agree(configured({ threshold: Infinity }), npm)
    assert.equal((await outgoing(none, JSON_TEXT)).rsv1, false)
  })

  test(`${codec}: messages without RSV1 pass unchanged`, async () => {
    const { server } = agree(configured({}), configured({}))
    const given = message('plain')
    const { data } = given
    const result = await new Promise((resolve, reject) => {
      server.processIncomingMessage(given, (error, result) => error ? reject(error) : resolve(result))
    })
    assert.equal(result, given)
    assert.equal(result.data, data)
    assert.equal(result.rsv1, false)
  })

  test(`${codec}: incoming messages keep their order, compressed or not, at any size`, async (scope) => {
    const { client, server } = agree(configured({}), configured({}))
    const messages = ['a', Buffer.alloc(8 * MiB, JSON_TEXT), 'b', 'plain 1', noise(2 * MiB), 'plain 2', 'c']
    const sent = []
    for (const data of messages) {
      const isPlain = String(data).startsWith('plain')
      sent.push(isPlain ? message(data) : message((await outgoing(client, data)).data, true))
    }
    await inOrder(scope, server, 'processIncomingMessage', sent, messages)
  })

  test(`${codec}: outgoing messages keep their order at any size`, async (scope) => {
    const { client, server } = agree(configured({}), configured({}))
    const messages = ['a', Buffer.alloc(8 * MiB, JSON_TEXT), 'b', '', noise(2 * MiB), 'c']
    const given = messages.map((data) => message(data))
    const sent = await inOrder(scope, client, 'processOutgoingMessage', given)
    for (const [index, data] of messages.entries()) {
      assert.ok((await incoming(server, sent[index].data)).data.equals(Buffer.from(data)), `message ${index}`)
    }
  })

  test(`${codec}: both directions work at the same time`, async () => {
    const { client, server } = agree(configured({}), configured({}))
    const data = Buffer.alloc(6 * MiB, JSON_TEXT)
    const [first, second] = await Promise.all([outgoing(client, data), outgoing(server, data)])
    const all = await Promise.all([
      incoming(server, first.data), outgoing(server, data), incoming(client, second.data), outgoing(client, data)
    ])
    assert.ok(all[0].data.equals(data))
    assert.ok(all[2].data.equals(data))
    assert.ok((await incoming(client, all[1].data)).data.equals(data))
    assert.ok((await incoming(server, all[3].data)).data.equals(data))
  })

  for (const [name, data] of [
    ['compressing one large message', [Buffer.alloc(24 * MiB, JSON_TEXT)]],
    ['compressing many short messages', Array(20000).fill(Buffer.from(JSON_TEXT.slice(0, 300)))]
  ]) {
    test(`${codec}: ${name} does not block the event loop`, async () => {
      const { client, server } = agree(configured({}), configured({}))
      const sent = await turns(client, 'processOutgoingMessage', data.map((each) => message(each)))
      assert.ok(sent.turns > 0, 'no turn during compression')
      const received = await turns(server, 'processIncomingMessage', sent.results)
      assert.ok(received.turns > 0, 'no turn during inflation')
      assert.ok(received.results.every((result, index) => result.data.equals(data[index])))
    })
  }

  for (const during of ['one large message', 'several messages', 'nothing']) {
    test(`${codec}: no callback runs after close() during ${during}`, async (scope) => {
      const { client, server } = agree(configured({}), configured({}))
      const large = Buffer.alloc(8 * MiB, JSON_TEXT)
      const { data } = await outgoing(agree(configured({}), configured({})).client, large)
      const called = []
      const count = { 'one large message': 1, 'several messages': 5, nothing: 0 }[during]
      for (let index = 0; index < count; index++) {
        server.processIncomingMessage(message(data, true), () => called.push('incoming'))
        client.processOutgoingMessage(message(large), () => called.push('outgoing'))
      }
      for (const session of [client, server, client]) session.close()
      server.processIncomingMessage(message('late'), () => called.push('late'))
      client.processOutgoingMessage(message('late'), () => called.push('late'))
      await scope.settle(100)
      assert.deepEqual(called, [])
    })
  }

  test(`${codec}: a callback may close the session`, async (scope) => {
    const { client, server } = agree(configured({}), configured({}))
    const { data } = await outgoing(client, 'Hello')
    const called = []
    await new Promise((resolve) => {
      for (const name of ['first', 'second']) {
        server.processIncomingMessage(message(data, true), () => {
          called.push(name)
          server.close()
          resolve()
        })
      }
    })
    await scope.settle()
    assert.deepEqual(called, ['first'])
  })

  for (const [name, data, text] of [
    ['with an invalid block', [0xff, 0xff, 0xff], 'invalid block type'],
    ['with a too large distance', DANGLING, 'invalid distance too far back']
  ]) {
    test(`${codec}: data ${name} fails its message and all later messages`, async (scope) => {
      const { client, server } = agree(configured({}), configured({}))
      const good = (await outgoing(client, 'good')).data
      const events = []
      const messages = [message(good, true), message(data, true), message(good, true), message('plain')]
      for (const each of messages) {
        server.processIncomingMessage(each, (error, result) => {
          events.push(error ? error.message : result.data.toString())
          // The framework changes the error like this.
          if (error) {
            assert.equal(result, null)
            assert.equal(error.type, undefined)
            error.message = `permessage-deflate: ${error.message}`
          }
        })
      }
      await eventually(scope, () => events.length === messages.length)
      assert.deepEqual(events, ['good', text, text, text])
    })
  }

  test(`${codec}: a message may inflate to maxLength, but not to more`, async () => {
    for (const [size, isAllowed] of [[1000, true], [1001, false], [100 * MiB, false]]) {
      const { server } = agree(configured({}), configured({}), { maxLength: 1000 })
      const data = compress(Buffer.alloc(size))
      const result = await incoming(server, data).catch((error) => error)
      if (isAllowed) {
        assert.equal(result.data.length, size)
      } else {
        assert.equal(result.message, 'WebSocket frame length too large')
        assert.equal(result.type, 'too_large')
      }
    }
  })

  for (const [name, options] of [['no options', undefined], ['empty options', {}], ['limit 0', { maxLength: 0 }]]) {
    test(`${codec}: with ${name} from the framework, 64 MiB - 1 are allowed`, async () => {
      for (const [size, isAllowed] of [[0x3ffffff, true], [0x4000000, false]]) {
        const session = configured({}).createServerSession([{}], options)
        const result = await incoming(session, compress(Buffer.alloc(size))).catch((error) => error)
        assert.equal(result.data?.length, isAllowed ? size : undefined)
        session.close()
      }
    })
  }

  test(`${codec}: a block with BFINAL ends neither a session nor a message`, async () => {
    const { server } = agree(configured({}), configured({ requestNoContextTakeover: true }))
    for (const texts of [['one'], ['two', 'three'], ['four', JSON_TEXT, 'five'], []]) {
      const blocks = texts.map((text) => zlib.deflateRawSync(text))
      const endings = [Buffer.from([0]), compress('six')]
      for (const [index, ending] of endings.entries()) {
        const { data } = await incoming(server, Buffer.concat([...blocks, ending]))
        assert.equal(data.toString(), texts.join('') + ['', 'six'][index])
      }
    }
  })

  test(`${codec}: blocks with BFINAL count towards maxLength`, async () => {
    const { server } = agree(configured({}), configured({}), { maxLength: 1000 })
    const blocks = Array.from({ length: 3 }, () => zlib.deflateRawSync(Buffer.alloc(400)))
    await assert.rejects(incoming(server, Buffer.concat([...blocks, Buffer.from([0])])), { type: 'too_large' })
  })

  test(`${codec}: a message without bytes is an error`, async () => {
    const { client, server } = agree(configured({}), configured({}))
    for (const [session, method] of [[client, 'processOutgoingMessage'], [server, 'processIncomingMessage']]) {
      const errors = []
      session[method]({ rsv1: true, data: null }, (error) => errors.push(error.message))
      assert.deepEqual(errors, ['the message has no bytes as its data'])
    }
  })
}

test('the native code calls the callback of a short message at once', () => {
  const { client, server } = agree(deflate, deflate)
  const seen = []
  client.processOutgoingMessage(message('Hello'), (error, sent) => {
    seen.push(error, sent.rsv1)
    server.processIncomingMessage(message(sent.data, true), (error, received) => {
      seen.push(error, received.data.toString())
    })
  })
  assert.deepEqual(seen, [null, true, null, 'Hello'])
})

test('the native code keeps the context after a block with BFINAL', async () => {
  const { server } = agree(deflate, deflate)
  const final = Buffer.concat([zlib.deflateRawSync('0123456789'), Buffer.from([0])])
  assert.equal((await incoming(server, final)).data.toString(), '0123456789')
  assert.equal((await incoming(server, DANGLING)).data.toString(), '0123456789')
})

test('a zlib of the program receives the options and the windows, 8 as 9', async () => {
  const custom = foreignZlib()
  const settings = { level: 3, memLevel: 4, strategy: 1, maxWindowBits: 8, requestMaxWindowBits: 10, zlib: custom }
  const { client } = agree(deflate.configure(settings), npm)
  await incoming(client, compress('a', { windowBits: 9 }))
  await outgoing(client, 'a')
  assert.deepEqual(custom.streams.map(({ kind, options }) => [kind, options]), [
    ['inflate', { windowBits: 10 }], ['deflate', { windowBits: 9, level: 3, memLevel: 4, strategy: 1 }]
  ])
})

for (const [name, options, count] of [
  ['one stream for all messages of a direction', {}, 2],
  ['one stream for each message without context', { noContextTakeover: true, requestNoContextTakeover: true }, 6]
]) {
  test(`a zlib of the program makes ${name}, and all of them are closed`, async (scope) => {
    const custom = foreignZlib()
    const { client, server } = agree(deflate.configure({ ...options, zlib: custom }), npm)
    for (const text of ['a', 'b', 'c']) {
      await outgoing(client, text)
      await incoming(client, (await outgoing(server, text)).data)
    }
    client.close()
    assert.equal(custom.streams.length, count)
    await eventually(scope, () => custom.streams.every(({ isClosed }) => isClosed))
  })
}

test('a zlib of the program inflates at most a chunk more than maxLength', async (scope) => {
  const custom = foreignZlib()
  const { server } = agree(npm, deflate.configure({ zlib: custom }), { maxLength: 100000 })
  await assert.rejects(incoming(server, compress(Buffer.alloc(100 * MiB))), { type: 'too_large' })
  await scope.settle()
  assert.equal(custom.streams.length, 1)
  assert.ok(custom.streams[0].bytes < 200000, `${custom.streams[0].bytes} bytes`)
  assert.equal(custom.streams[0].isClosed, true)
})

test('a zlib of the program makes at most 100 streams for one message', async (scope) => {
  const custom = foreignZlib()
  const { server } = agree(npm, deflate.configure({ zlib: custom }))
  const blocks = (count) => Buffer.concat([...Array(count).fill(zlib.deflateRawSync('a')), Buffer.from([0])])
  assert.equal((await incoming(server, blocks(99))).data.toString(), 'a'.repeat(99))
  await assert.rejects(incoming(server, blocks(10000)), { message: 'too many final blocks' })
  // The last stream of the first message is the first stream of the second.
  assert.equal(custom.streams.length, 199)
  await eventually(scope, () => custom.streams.every(({ isClosed }) => isClosed))
})

test('a zlib of the program that throws fails the message', async () => {
  const fail = () => { throw new Error('no memory') }
  const extension = deflate.configure({ zlib: { createDeflateRaw: fail, createInflateRaw: fail } })
  const { client, server } = agree(extension, extension)
  await assert.rejects(outgoing(client, 'a'), { message: 'no memory' })
  await assert.rejects(incoming(server, [0]), { message: 'no memory' })
})

for (const options of [{ maxWindowBits: 7 }, { requestMaxWindowBits: 16 }]) {
  const [name] = Object.keys(options)
  test(`a server's session with ${name} ${options[name]} throws an error for every offer`, () => {
    for (const [, configured] of CODECS) {
      for (const offers of [[{}], [{ x: true }], []]) {
        assert.throws(() => configured(options).createServerSession(offers), { message: `Invalid value for ${name}` })
      }
    }
  })
}

test('a client\'s session throws an error before it is negotiated', () => {
  const session = deflate.createClientSession()
  assert.throws(() => session.activate({}), /has not been negotiated/)
  session.generateOffer()
  for (const method of ['processIncomingMessage', 'processOutgoingMessage']) {
    assert.throws(() => session[method](message('a'), () => {}), /has not been negotiated/)
  }
})

/** Passes all messages at once, checks the order and data of the results, and returns these. */
async function inOrder (scope, session, method, messages, expected) {
  const results = []
  for (const [index, each] of messages.entries()) {
    session[method](each, (error, result) => results.push({ index, error, result }))
  }
  await eventually(scope, () => results.length === messages.length)
  assert.deepEqual(results.map(({ index, error }) => [index, error]), messages.map((_, index) => [index, null]))
  if (expected) {
    for (const [index, data] of expected.entries()) {
      assert.ok(results[index].result.data.equals(Buffer.from(data)), `message ${index}`)
    }
  }
  return results.map(({ result }) => result)
}

/** Passes all messages at once, and counts the turns of the event loop until all results are there. */
function turns (session, method, messages) {
  return new Promise((resolve, reject) => {
    const results = []
    let turns = 0
    let next = setImmediate(function count () {
      turns += 1
      next = setImmediate(count)
    })
    for (const each of messages) {
      session[method](each, (error, result) => {
        results.push(result)
        if (!error && results.length < messages.length) return
        clearImmediate(next)
        if (error) reject(error)
        else resolve({ turns, results })
      })
    }
  })
}

async function eventually (scope, predicate) {
  const end = Date.now() + 15000
  while (!predicate()) {
    if (Date.now() > end) throw new Error('never happened')
    await scope.settle(5)
  }
}
