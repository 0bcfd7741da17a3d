'use strict'

// Messages that permessage-deflate does not compress: those below its threshold, and those sent with
// `{ compress: false }`. The peer is a raw socket with Node's zlib.

const assert = require('node:assert/strict')
const { Blob } = require('node:buffer')

const meteor = require('permessage-deflate2')

const deflate = require('../../lib/permessage-deflate')
const { Codec } = require('../support/deflate')
const { passing } = require('../support/extensions')
const { openServer, roles } = require('../support/open')
const { eventually } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation, test } = require('../support/test')

const zlib = { ...require('node:zlib') }
zlib.createDeflateRaw = (options) => require('node:zlib').createDeflateRaw(options)

const threshold = 20
const EXTENSIONS = {
  'in the core': [deflate.configure({ threshold })],
  'in the core, without context takeover': [deflate.configure({ threshold, noContextTakeover: true })],
  'in the core for permessage-deflate2': [meteor.configure({ threshold })],
  'next to another extension': [passing, deflate.configure({ threshold })],
  'with a zlib of the program': [deflate.configure({ threshold, zlib })],
  'by permessage-deflate2 itself': [Object.assign(Object.create(meteor.configure({ threshold })), { own: true })]
}

/** Offers a server all extensions of this file, and sends a client all extensions that it has offered. */
function open (scope, role, extensions, onSocket) {
  const offered = 'passing, permessage-deflate'
  const answered = extensions.map(({ name }) => name).join()
  return roles[role](scope, {
    headers: { 'Sec-WebSocket-Extensions': role === 'server' ? offered : answered },
    onSocket,
    options: { extensions }
  })
}

/** Resolves with the type, `compressed` or `plain`, and the content of each of the next messages. */
async function messages (peer, count, codec = new Codec()) {
  const frames = (await peer.frames(count)).filter(({ type }) => type === 'text' || type === 'binary')
  return frames.map(({ type, rsv, payload }) => rsv === 4
    ? [type, 'compressed', codec.inflate(payload).toString()]
    : [type, 'plain', payload.toString()])
}

const SHORT = 'x'.repeat(threshold - 1)
const LONG = 'long '.repeat(10)
const LARGE = 'large '.repeat(50_000)

for (const role of Object.keys(roles)) {
  for (const [how, extensions] of Object.entries(EXTENSIONS)) {
    const isOurs = !how.endsWith('itself')

    test(`${role}: messages shorter than the threshold are sent uncompressed ${how}`, async (scope) => {
      const { ws, peer, frame } = await open(scope, role, extensions)
      for (const data of [SHORT, LONG, '', Buffer.from(SHORT), Buffer.from(SHORT + 'x'), 'é'.repeat(10), LONG]) {
        ws.send(data)
      }
      assert.deepEqual(await messages(peer, 7), [
        ['text', 'plain', SHORT],
        ['text', 'compressed', LONG],
        ['text', 'plain', ''],
        ['binary', 'plain', SHORT],
        ['binary', 'compressed', SHORT + 'x'],
        ['text', 'compressed', 'é'.repeat(10)],
        ['text', 'compressed', LONG]
      ])
      // The peer may compress any message.
      const codec = new Codec()
      const heard = []
      ws.on('message', ({ data }) => heard.push(data))
      peer.write(Buffer.concat([frame('text', codec.deflate('short'), { rsv: 4 }), frame('text', LONG)]))
      await eventually(() => heard.length === 2, 'both messages')
      assert.deepEqual(heard, ['short', LONG])
    })

    if (!isOurs) continue
    deviation(`${role}: compress: false sends a message uncompressed ${how}`, async (scope) => {
      const called = []
      const callback = (name) => (error) => called.push(error ? `${name} ${error.message}` : name)
      const plain = { compress: false }
      const { ws, peer } = await open(scope, role, extensions, (ws) => {
        ws.send(LONG, plain)
        ws.send(LONG)
      })
      const large = LARGE + 'end'
      const prepared = WebSocket.prepare(LONG)
      ws.send(LONG, plain)
      ws.send(Buffer.from(LONG), plain, callback('bytes'))
      ws.send(new Uint8Array(Buffer.from(LONG)), plain)
      ws.send(prepared, plain, callback('prepared'))
      ws.send(prepared)
      ws.send(large, plain)
      ws.send(LARGE)
      ws.send(LONG, plain, callback('behind'))
      ws.send(prepared, plain)
      ws.send(LONG)
      assert.equal(WebSocket.broadcast([ws], LONG, plain), 1)
      assert.equal(WebSocket.broadcast([ws], LONG), 1)
      ws.send(new Blob([LONG]), plain)
      ws.send(LONG, plain, callback('queued'))
      ws.send(LONG, callback('compressed'))
      assert.deepEqual(await messages(peer, 17), [
        ['text', 'plain', LONG],
        ['text', 'compressed', LONG],
        ['text', 'plain', LONG],
        ['binary', 'plain', LONG],
        ['binary', 'plain', LONG],
        ['text', 'plain', LONG],
        ['text', 'compressed', LONG],
        ['text', 'plain', large],
        ['text', 'compressed', LARGE],
        ['text', 'plain', LONG],
        ['text', 'plain', LONG],
        ['text', 'compressed', LONG],
        ['text', 'plain', LONG],
        ['text', 'compressed', LONG],
        ['binary', 'plain', LONG],
        ['text', 'plain', LONG],
        ['text', 'compressed', LONG]
      ])
      await eventually(() => called.length === 5, 'the callbacks')
      assert.deepEqual(called, ['bytes', 'prepared', 'behind', 'queued', 'compressed'])
      ws.close()
      assert.equal(ws.send(LONG, plain, callback('late')), false)
      await eventually(() => called.length === 6, 'the last callback')
      assert.match(called[5], /^late The message was not sent/)
    })
  }
}

const SECOND = [
  ['no second argument', []],
  ['undefined', [undefined]],
  ['null', [null]],
  ['empty options', [{}]],
  ['compress: true', [{ compress: true }]],
  ['compress: undefined', [{ compress: undefined }]],
  ['another option', [{ binary: true }]],
  ['an index and an array, as in forEach', [3, ['a']]],
  ['a callback', [() => {}]],
  ['two callbacks', [() => {}, () => {}]]
]
for (const [what, args] of SECOND) {
  test(`send() compresses a message with ${what}`, async (scope) => {
    const { ws, peer } = await open(scope, 'server', [deflate])
    assert.equal(WebSocket.prototype.send.length, 1)
    assert.equal(ws.send(LONG, ...args), true)
    assert.deepEqual(await messages(peer, 1), [['text', 'compressed', LONG]])
  })
}

deviation('the callback can be the second or the third argument', async (scope) => {
  const { ws, peer } = await open(scope, 'server', [])
  const called = []
  ws.send('a', (error) => called.push(['a', error]))
  ws.send('b', undefined, (error) => called.push(['b', error]))
  ws.send('c', { compress: false }, (error) => called.push(['c', error]))
  ws.send('d', (error) => called.push(['d', error]), () => called.push('wrong'))
  await peer.frames(4)
  await eventually(() => called.length === 4, 'the callbacks')
  assert.deepEqual(called, [['a', undefined], ['b', undefined], ['c', undefined], ['d', undefined]])
})

deviation('compress: false changes nothing without compression and on draft connections', async (scope) => {
  const { ws, peer } = await open(scope, 'server', [])
  ws.send('text', { compress: false })
  ws.send(Buffer.from('bytes'), { compress: false })
  ws.send(WebSocket.prepare('both'), { compress: false })
  assert.deepEqual(await messages(peer, 3), [
    ['text', 'plain', 'text'], ['binary', 'plain', 'bytes'], ['text', 'plain', 'both']
  ])

  const { ws: draft, peer: old } = await openServer(scope, {
    headers: { 'Sec-WebSocket-Key': null, 'Sec-WebSocket-Version': null }
  })
  draft.send('text', { compress: false })
  draft.send(WebSocket.prepare('both'), { compress: false })
  assert.equal(draft.send(Buffer.from('bytes'), { compress: false }), false)
  await old.until(() => old.bytes.includes('both'))
  assert.equal(old.bytes.toString('latin1'), '\x00text\xff\x00both\xff')
})
