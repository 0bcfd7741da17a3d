'use strict'

// The package permessage-deflate, which most programs use as extension. The original runs its JavaScript, and our
// driver runs its own implementation instead.

const deflate = require('permessage-deflate')

const { Codec, compress } = require('../support/deflate')
const { closePayload, frame, fromClient, readFrames, upgradeResponse } = require('../support/wire')
const { eventually } = require('../support/peer')
const { dial, openClient, openServer, parityTable } = require('./driver-scripts')

const SETTLED = 'the answers of the sessions'

const OFFER = 'permessage-deflate; client_max_window_bits'

const ENDS = [
  ['a server', (library, log, { configured = deflate, header = OFFER, options } = {}) => openServer(library, log, {
    options,
    headers: { 'sec-websocket-extensions': header },
    before: (driver) => driver.addExtension(configured)
  }), fromClient],
  ['a client', (library, log, { configured = deflate, header = 'permessage-deflate', options } = {}) =>
    openClient(library, log, {
      options,
      answer: { 'Sec-WebSocket-Extensions': header },
      before: (driver) => driver.addExtension(configured)
    }), frame]
]

function parityDeflate (name, rows, script, options) {
  for (const [end, open, fromPeer] of ENDS) {
    parityTable(`${end} with permessage-deflate ${name}`, rows, (library, log, feed, value) => script({
      log, feed, fromPeer, open: (given) => open(library, log, given)
    }, value), options)
  }
}

const counting = (driver, type) => {
  const counted = { count: 0 }
  driver.on(type, () => { counted.count += 1 })
  return counted
}

/**
 * A transcript with lanes. The order counts within a lane and not between lanes: the original's sessions answer later,
 * so calls return before their messages are written, and control frames overtake messages. Compressed messages are
 * recorded inflated. `finish` passes all lanes to `log`.
 */
function inLanes (log) {
  const lanes = { calls: [], sent: [], received: [], rest: [] }
  const codec = new Codec()
  return Object.assign(Object.create(log), {
    add (what, ...details) {
      const [first] = details
      if (what.endsWith(' returns')) return lanes.calls.push([what, ...details])
      // Without other properties of this moment, because the connection may be closing already.
      if (what.startsWith('message')) {
        const isMessage = what === 'message' || what === 'messages data'
        return isMessage ? lanes.received.push([what, first]) : lanes.rest.push([what, ...details])
      }
      const frames = framesOf(what, first)
      if (frames === null) return lanes.rest.push([what, ...details])
      for (const { fin, rsv, type, payload } of frames) {
        const isCompressed = rsv === 4
        const bytes = isCompressed ? codec.inflate(payload) : payload
        const isData = type === 'text' || type === 'binary'
        const lane = isData ? lanes.sent : lanes.rest
        lane.push([what, fin, isCompressed, type, bytes, ...(type === 'close' ? details.slice(1) : [])])
      }
    },
    finish () {
      for (const lines of Object.values(lanes)) {
        for (const line of lines) log.add(...line)
      }
    }
  })
}

/** Returns the frames of a recorded write, or null if the line records something else. */
function framesOf (what, written) {
  if (!what.startsWith('io data') || typeof written === 'string') return null
  return Buffer.isBuffer(written) ? readFrames(written).frames : [written]
}

/** As `parityDeflate`, in lanes. */
function parityLanes (name, rows, script) {
  for (const [end, open, fromPeer] of ENDS) {
    parityTable(`${end} with permessage-deflate ${name}`, rows, async (library, log, feed, value) => {
      const lanes = inLanes(log)
      await script({ log: lanes, feed, fromPeer, open: (given) => open(library, lanes, given) }, value)
      lanes.finish()
    })
  }
}

parityDeflate('inflates', [
  ['text', (f) => [f('text', Buffer.from('f248cdc9c90700', 'hex'), { rsv: 4 })]],
  ['non-ASCII text', (f) => [f('text', compress('é€😀'), { rsv: 4 })]],
  ['binary', (f) => [f('binary', compress('abc'), { rsv: 4 })]],
  ['with its context', (f) => [
    f('text', Buffer.from('f248cdc9c90700', 'hex'), { rsv: 4 }), f('text', Buffer.from('f200110000', 'hex'), { rsv: 4 })
  ]],
  ['fragments', (f) => [
    f('text', Buffer.from('f248', 'hex'), { rsv: 4, fin: false }), f('continuation', Buffer.from('cdc9c90700', 'hex'))
  ]],
  ['an empty message', (f) => [f('text', Buffer.from('00', 'hex'), { rsv: 4 })]],
  ['a plain message, which stays as it is', (f) => [f('text', 'plain')]],
  ['a message between plain ones', (f) => [f('text', 'a'), f('text', compress('b'), { rsv: 4 }), f('text', 'c')]]
], async ({ feed, fromPeer, open }, frames) => {
  const driver = open()
  const messages = counting(driver, 'message')
  const bytes = frames(fromPeer)
  const expected = bytes.filter((each) => each[0] & 0x80).length
  feed.deliver(driver.io, ...bytes)
  await eventually(() => messages.count === expected, SETTLED)
})

parityLanes('compresses', [
  ['text', ['Hello']],
  ['with its context', ['Hello', 'Hello']],
  ['an empty message', ['']],
  ['binary', [Buffer.from('Hello')]],
  ['a large message', ['x'.repeat(100000)]],
  ['very large messages, then small ones', ['x'.repeat(1000000), 'y'.repeat(300000), 'z', '']]
], async ({ log, open }, messages) => {
  const driver = open()
  const writes = counting(driver.io, 'data')
  for (const message of messages) log.call('write', () => driver.messages.write(message))
  await eventually(() => writes.count === messages.length, SETTLED)
})

parityLanes('keeps the order', [
  ['of texts, a ping and a close frame', (f) => [
    f('text', compress('first'), { rsv: 4 }), f('ping', 'p'), f('close', closePayload(1000))
  ]],
  ['of texts and a close frame', (f) => [
    f('text', compress('first'), { rsv: 4 }), f('text', 'second'), f('close', closePayload(1001, 'bye'))
  ]]
], async ({ feed, fromPeer, open }, frames) => {
  const driver = open()
  const closes = counting(driver, 'close')
  feed.deliver(driver.io, ...frames(fromPeer))
  await eventually(() => closes.count === 1, SETTLED)
})

parityLanes('sends all messages before it closes:', [
  ['one text', ['a']],
  ['several', ['a', 'b'.repeat(5000), 'c']],
  ['a very large one', ['a', 'b'.repeat(500000), 'c']]
], async ({ log, feed, fromPeer, open }, messages) => {
  const driver = open()
  const writes = counting(driver.io, 'data')
  for (const message of messages) log.call('text', () => driver.text(message))
  log.call('ping', () => driver.ping('overtakes'))
  log.call('close', () => driver.close('bye', 3001))
  log.call('text', () => driver.text('late'))
  log.call('ping', () => driver.ping('late'))
  await eventually(() => writes.count === messages.length + 2, SETTLED)
  feed.deliver(driver.io, fromPeer('close', closePayload(3001, 'bye')))
})

parityDeflate('fails for', [
  ['corrupt data', (f) => f('text', [0xff, 0xff, 0xff], { rsv: 4 })],
  ['invalid UTF-8', (f) => f('text', compress(Buffer.from([0xff, 0xfe])), { rsv: 4 })],
  ['a message that inflates to more than maxLength', (f) => f('text', compress('x'.repeat(1000)), { rsv: 4 })]
], async ({ log, feed, fromPeer, open }, bytes) => {
  const driver = open({ options: { maxLength: 100 } })
  const closes = counting(driver, 'close')
  feed.deliver(driver.io, fromPeer('text', compress('good'), { rsv: 4 }), bytes(fromPeer))
  await eventually(() => closes.count === 1, SETTLED)
  log.call('text', () => driver.text('late'))
})

parityTable('a server with permessage-deflate answers', [
  ['a plain offer', ['permessage-deflate']],
  ['the usual offer', [OFFER]],
  ['no context takeover', ['permessage-deflate; server_no_context_takeover; client_no_context_takeover']],
  ['windows', ['permessage-deflate; server_max_window_bits=10; client_max_window_bits=11']],
  ['a quoted window', ['permessage-deflate; server_max_window_bits="10"']],
  ['an unknown parameter', ['permessage-deflate; x']],
  ['an unknown parameter, then a valid offer', ['permessage-deflate; x, permessage-deflate; client_max_window_bits=9']],
  ['a repeated parameter', ['permessage-deflate; server_max_window_bits=10; server_max_window_bits=10']],
  ['a window that is too small', ['permessage-deflate; server_max_window_bits=7']],
  ['a window without a value', ['permessage-deflate; server_max_window_bits']],
  ['a flag with a value', ['permessage-deflate; server_no_context_takeover=1']],
  ['with its own settings', [OFFER, { noContextTakeover: true, maxWindowBits: 9, requestMaxWindowBits: 10 }]],
  ['with its own requests', [OFFER, { requestNoContextTakeover: true }]]
], (library, log, feed, [header, settings]) => {
  openServer(library, log, {
    headers: { 'sec-websocket-extensions': header },
    before: (driver) => driver.addExtension(settings ? deflate.configure(settings) : deflate)
  })
})

parityTable('a client with permessage-deflate offers', [
  ['the default', {}],
  ['no context takeover', { noContextTakeover: true, requestNoContextTakeover: true }],
  ['windows', { maxWindowBits: 9, requestMaxWindowBits: 10 }]
], (library, log, feed, settings) => {
  for (const answer of [
    'permessage-deflate', 'permessage-deflate; client_max_window_bits=9', 'permessage-deflate; x',
    'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; server_max_window_bits=16', 'permessage-deflate; server_max_window_bits=10', ''
  ]) {
    const { driver, head } = dial(library, log, {
      before: (driver) => driver.addExtension(deflate.configure(settings))
    })
    driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': answer })))
    log.add('state', driver.readyState)
  }
})

parityTable('two drivers of the same package exchange messages', [
  ['with context takeover', {}],
  ['without context takeover', { noContextTakeover: true, requestNoContextTakeover: true }],
  ['with small windows', { maxWindowBits: 9, requestMaxWindowBits: 9 }]
], async (library, log, feed, settings) => {
  const server = library.server({ allowDrafts: false })
  const client = library.client('ws://a/', { allowDrafts: false })
  for (const driver of [server, client]) driver.addExtension(deflate.configure(settings))
  server.on('connect', () => server.start())
  server.on('message', ({ data }) => server.messages.write(data))
  // Not piped into each other immediately: the original's client cannot receive a response within start().
  let request
  client.io.once('data', (chunk) => { request = chunk })
  client.start()
  const agreed = { context: !settings.noContextTakeover, windowBits: settings.maxWindowBits }
  const ends = [['client', client, server], ['server', server, client]].map(([name, from, to]) => {
    const codec = new Codec(agreed)
    const frames = []
    from.io.on('data', (chunk) => {
      if (chunk.toString('latin1', 0, 5) !== 'HTTP/') frames.push(...readFrames(chunk).frames)
      feed.deliver(to.io, chunk)
    })
    return { name, codec, frames }
  })
  server.io.write(request)
  const seen = []
  client.on('message', ({ data }) => seen.push(data))
  const sent = ['Hello', 'Hello', '', 'é'.repeat(3000), Buffer.from([1, 2, 3]), Buffer.alloc(70000, 'ab')]
  for (const message of sent) client.messages.write(message)
  await eventually(() => seen.length === sent.length, SETTLED)
  for (const data of seen) log.add('echo', data)
  const closes = counting(client, 'close')
  client.on('close', (event) => log.add('close', { ...event }))
  client.close('bye', 3000)
  await eventually(() => closes.count === 1, SETTLED)
  for (const { name, codec, frames } of ends) {
    for (const { rsv, type, payload } of frames) {
      log.add(name, rsv, type, rsv === 4 ? codec.inflate(payload, { strict: true }) : payload)
    }
  }
}, { whole: 'the other end writes the bytes' })
