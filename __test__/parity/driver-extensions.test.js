'use strict'

const { closePayload, frame, fromClient, upgradeRequest, upgradeResponse } = require('../support/wire')
const { dial, httpDriver, openClient, openServer, parity, parityTable, watch } = require('./driver-scripts')

/** A session that records its calls. `held` contains the messages that it has not answered yet. */
class Session {
  constructor (log, name, given) {
    this.log = log
    this.name = name
    this.given = given
    this.held = []
  }

  generateOffer () {
    this.log.add(`${this.name} generateOffer`)
    return this.given.offer
  }

  activate (parameters) {
    this.log.add(`${this.name} activate`, parameters, Object.keys(parameters))
    return 'activate' in this.given ? this.given.activate : true
  }

  generateResponse () {
    this.log.add(`${this.name} generateResponse`)
    if (this.given.responseThrows) throw this.given.responseThrows
    return this.given.response
  }

  processIncomingMessage (message, callback) {
    this.process('incoming', message, callback)
  }

  processOutgoingMessage (message, callback) {
    this.process('outgoing', message, callback)
  }

  process (direction, message, callback) {
    const { rsv1, rsv2, rsv3, opcode, data } = message
    this.log.add(`${this.name} ${direction}`, { rsv1, rsv2, rsv3, opcode, data })
    const { fails, throws, holds } = this.given
    const text = data.toString()
    if (throws && text.includes(throws.on)) throw throws.error
    const answer = () => {
      if (fails && text.includes(fails.on)) return callback(fails.error, null)
      callback(null, this.transformed(direction, message))
    }
    if (holds && text.includes(holds)) this.held.push(answer)
    else answer()
  }

  transformed (direction, message) {
    if (direction === 'outgoing') {
      Object.assign(message, this.given.marks)
      message.data = Buffer.concat([message.data, Buffer.from(`>${this.name}`)])
    } else {
      message.data = Buffer.concat([message.data, Buffer.from(`<${this.name}`)])
    }
    return message
  }

  /** Answers held messages in this order. */
  release (...indexes) {
    const held = this.held
    for (const index of indexes) {
      this.log.add(`${this.name} releases ${index}`)
      held[index]()
    }
  }

  close () {
    this.log.add(`${this.name} close`)
  }
}

function extension (log, name, given = {}) {
  const { bits = [true, false, false], session = true } = given
  const [rsv1, rsv2, rsv3] = bits
  const all = { offer: {}, response: {}, ...given }
  const made = { name, type: 'permessage', rsv1, rsv2, rsv3, sessions: [] }
  const create = () => {
    if (given.createThrows) throw given.createThrows
    if (!session) return null
    made.session = new Session(log, name, all)
    return made.session
  }
  made.createClientSession = (options) => {
    log.add(`${name} createClientSession`, options)
    return create()
  }
  made.createServerSession = (offers, options) => {
    log.add(`${name} createServerSession`, offers.length, ...offers, offers.map((offer) => Object.keys(offer)), options)
    return create()
  }
  return made
}

const boom = (message = 'boom', more) => Object.assign(new Error(message), more)

/** Both ends with these extensions agreed. */
const AGREED = [
  ['a server', (library, log, extensions, options) => openServer(library, log, {
    options,
    headers: { 'sec-websocket-extensions': extensions.map(({ name }) => name).join(', ') },
    before: (driver) => extensions.forEach((each) => driver.addExtension(each))
  }), fromClient],
  ['a client', (library, log, extensions, options) => openClient(library, log, {
    options,
    answer: { 'Sec-WebSocket-Extensions': extensions.map(({ name }) => name).join(', ') },
    before: (driver) => extensions.forEach((each) => driver.addExtension(each))
  }), frame]
]

function parityAgreed (name, rows, script, options) {
  for (const [end, open, fromPeer] of AGREED) {
    parityTable(`${end} ${name}`, rows, (library, log, feed, value) => script({
      log, feed, fromPeer, open: (...extensions) => open(library, log, extensions, { maxLength: 300 })
    }, value), options)
  }
}

const good = { name: 'a', type: 'permessage', rsv1: true, rsv2: false, rsv3: false }

parityTable('addExtension checks', [
  ['a valid extension', [good]],
  ['a name that is not a string', [{ ...good, name: 5 }]],
  ['no name', [{}]],
  ['another type', [{ ...good, type: 'perframe' }]],
  ['a missing rsv1', [{ ...good, rsv1: undefined }]],
  ['a number as rsv2', [{ ...good, rsv2: 1 }]],
  ['null as rsv3', [{ ...good, rsv3: null }]],
  ['the same name twice', [good, { ...good, rsv1: false }]],
  ['names of Object.prototype', ['constructor', 'toString', 'hasOwnProperty'].map((name) => ({ ...good, name }))],
  ['the fields in order', [{ name: 'a', type: 'x', rsv1: 1 }]]
], (library, log, feed, extensions) => {
  const drivers = [
    library.http({ method: 'GET', url: '/', headers: {} }, { allowDrafts: false }),
    library.client('ws://a/', { allowDrafts: false })
  ]
  for (const driver of drivers) {
    for (const each of extensions) log.call('addExtension', () => driver.addExtension(each))
  }
})

parity('addExtension without an extension throws a TypeError', (library, log) => {
  const driver = library.client('ws://a/', { allowDrafts: false })
  log.kind('undefined', () => driver.addExtension())
  log.kind('null', () => driver.addExtension(null))
})

parityTable('a client offers', [
  ['nothing if the offer is null', [['a', { offer: null }]]],
  ['nothing without a session', [['a', { session: false }], ['b', {}]]],
  ['a name', [['a', { offer: {} }]]],
  ['flags', [['a', { offer: { b: true, c: true } }]]],
  ['numbers', [['a', { offer: { b: 1, c: 0, d: -1.5, e: 1e21, f: 0.1 } }]]],
  ['tokens', [['a', { offer: { b: 'c', d: 'e!#$%' } }]]],
  // The original quotes only every second value. The tokens between the values hide this error.
  ['quoted strings', [['a', { offer: { b: 'c d', x: 't', e: 'say "hi"', y: 't', f: 'a,b;c=d', z: 't' } }]]],
  ['non-ASCII strings', [['a', { offer: { b: 'ü', z: 't' } }]]],
  ['repeated parameters', [['a', { offer: { b: [1, true, 'c', 'd e', 'f'], f: [] } }]]],
  ['values of other types', [['a', { offer: { b: false, c: null, d: undefined, e: NaN, f: Infinity } }]]],
  ['nested repetitions', [['a', { offer: { b: [1, [2, [3]]] } }]]],
  ['alternatives', [['a', { offer: [{ b: 1 }, { b: 2 }, {}] }]]],
  ['an empty list', [['a', { offer: [] }]]],
  ['inherited parameters', [['a', { offer: Object.create({ b: 1 }) }]]],
  ['several', [
    ['a', { offer: { x: 1 } }], ['b', { offer: { y: 2 }, bits: [true, true, true] }], ['c', { offer: null }]
  ]]
], (library, log, feed, extensions) => {
  dial(library, log, {
    options: { maxLength: 500 },
    before: (driver) => extensions.forEach(([name, given]) => driver.addExtension(extension(log, name, given)))
  })
})

parityTable('a client whose extension throws', [
  ['an error', { createThrows: boom() }],
  ['a text', { createThrows: 'text' }]
], (library, log, feed, given) => {
  const driver = library.client('ws://a/', { allowDrafts: false })
  driver.addExtension(extension(log, 'a', given))
  driver.io.on('data', () => log.add('io data'))
  log.call('start', () => driver.start())
})

const HEADERS = [
  ['a name', 'a'],
  ['a flag', 'a; b'],
  ['numbers', 'a; b=1; c=0; d=-5; e=1.5; f=-0.25'],
  ['values that look like numbers', 'a; b=01; c=1e3; d=1.; e=+1; f=0x1; g=NaN; h=-'],
  ['large numbers', 'a; b=12345678901234567890; c=0.1000; d=-0'],
  ['tokens', 'a; b=c; d=e!#$%&\'*+-.^_`|~'],
  ['quoted strings', 'a; b="c"; d="e f"; g="h,i;j=k"'],
  ['quoted numbers', 'a; b="15"; c="-1.5"; d="015"'],
  ['escapes', 'a; b="\\"c\\"\\d"'],
  ['an empty quoted string', 'a; b=""'],
  ['a repeated flag', 'a; b; b'],
  ['repeated values', 'a; b=1; c; b="x"; b'],
  ['__proto__', 'a; __proto__'],
  ['constructor', 'a; constructor=1; toString; hasOwnProperty=2; constructor=3'],
  ['numeric names', 'a; 2=x; 1=y; b=z'],
  ['white space', 'a ;b ; c = 1 ;\td\t=\t"x"'],
  ['several', 'a; x=1, a; x=2, a'],
  ['other extensions', 'b; x, a, c; y="a"']
]

const BAD_HEADERS = [
  'a;', 'a; ', ';', ',', 'a,', ',a', 'a,,b', 'a; =1', 'a; b=', 'a; b="c', 'a; b="c"d', 'a b', 'a; b c',
  'a=1', '"a"', 'a; b="\u0001"', 'a; b="ü"', 'ü', 'a; b=ü', 'a/b', 'a; "b"', 'a;; b', 'a; b="\\ü"', 'a; b="\u007f"'
].map((header) => [JSON.stringify(header), header])

parityTable('a server parses the offer', [...HEADERS.filter(([name]) => name !== '__proto__'), ...BAD_HEADERS],
  (library, log, feed, header) => {
    openServer(library, log, {
      headers: { 'sec-websocket-extensions': header },
      before: (driver) => driver.addExtension(extension(log, 'a'))
    })
  })

parityTable('a client parses the response', [
  ...HEADERS.filter(([name]) => !['__proto__', 'several', 'other extensions'].includes(name)),
  ...BAD_HEADERS.filter(([, header]) => header.trim() === header && !/[^ -~]/.test(header)),
  ['the same twice', 'a, a'],
  ['another name', 'b']
], (library, log, feed, header) => {
  const { driver, head } = dial(library, log, { before: (driver) => driver.addExtension(extension(log, 'a')) })
  driver.io.write(Buffer.from(upgradeResponse(head, { 'Sec-WebSocket-Extensions': header })))
  log.add('state', driver.readyState)
})

parityTable('a client refuses a response if activate() returns', [
  ['false', { activate: false }],
  ['undefined', { activate: undefined }],
  ['1', { activate: 1 }]
], (library, log, feed, given) => {
  for (const header of ['a', 'a; b=1; c="d e"; z=t; f; f', 'a; b="1"; c="x\\"y"; z=t']) {
    const { driver, head } = dial(library, log, { before: (driver) => driver.addExtension(extension(log, 'a', given)) })
    feed.deliver(driver.io, upgradeResponse(head, { 'Sec-WebSocket-Extensions': header }))
    log.add('state', driver.readyState)
  }
})

parityTable('a server answers', [
  ['without a session', [['a', { session: false }]]],
  ['with parameters', [['a', { response: { b: true, c: 1, d: 'e f', z: 't', g: [1, 2] } }]]],
  ['without parameters', [['a', { response: undefined }]]],
  ['in its own order', [['b', { bits: [false, true, false], response: { y: 2 } }], ['a', { response: { x: 1 } }]]],
  ['with the first extension for a bit', [['a', {}], ['b', {}]]],
  ['with the second extension for a bit if the first has no session', [['a', { session: false }], ['b', {}]]],
  ['with two that use no bit', [['a', { bits: [false, false, false] }], ['b', { bits: [false, false, false] }]]],
  ['without an extension that was not offered', [['x', {}], ['b', {}]]],
  ['without a session that throws', [['a', { createThrows: boom('no session') }]]],
  ['without a response that throws', [['a', { responseThrows: boom('no response') }]]]
], (library, log, feed, extensions) => {
  const driver = openServer(library, log, {
    headers: { 'sec-websocket-extensions': 'a; p=1, b, a; p=2' },
    options: { maxLength: 300 },
    before: (driver) => extensions.forEach(([name, given]) => driver.addExtension(extension(log, name, given)))
  })
  feed.deliver(driver.io, fromClient('text', 'plain'), fromClient('text', 'one', { rsv: 4 }))
})

parity('a server that refuses a request negotiates no extension', (library, log) => {
  const driver = httpDriver(library, log, {
    headers: { 'sec-websocket-extensions': 'a', 'sec-websocket-key': undefined }
  })
  driver.addExtension(extension(log, 'a'))
  log.call('start', () => driver.start())
})

parityTable('a client receives two extensions that use', [
  ['rsv1', [[true, false, false], [true, false, false]]],
  ['rsv2', [[true, true, false], [false, true, false]]],
  ['rsv3', [[false, false, true], [true, true, true]]],
  ['different bits', [[true, false, false], [false, true, true]]],
  ['no bits', [[false, false, false], [false, false, false]]]
], (library, log, feed, [first, second]) => {
  for (const header of ['a, b', 'b, a', 'b']) {
    const { driver, head } = dial(library, log, {
      before: (driver) => {
        driver.addExtension(extension(log, 'a', { bits: first }))
        driver.addExtension(extension(log, 'b', { bits: second }))
      }
    })
    feed.deliver(driver.io, upgradeResponse(head, { 'Sec-WebSocket-Extensions': header }))
    log.call('text', () => driver.text('order'))
    feed.deliver(driver.io, frame('text', 'x'), frame('text', 'y', { rsv: 1 }))
  }
})

parityAgreed('transforms', [
  ['text', (f) => [f('text', 'hi')]],
  ['text with its bit', (f) => [f('text', 'hi', { rsv: 4 })]],
  ['binary', (f) => [f('binary', 'hi', { rsv: 4 })]],
  ['fragments', (f) => [f('text', 'h', { fin: false, rsv: 4 }), f('ping'), f('continuation', 'i')]],
  ['empty messages', (f) => [f('text'), f('binary', '', { rsv: 4 })]],
  ['no control frames', (f) => [f('ping', 'a'), f('pong', 'b'), f('close', closePayload(1000))]],
  ['no message with a bit of no extension', (f) => [f('text', 'a', { rsv: 2 })]],
  ['no continuation with a bit', (f) => [f('text', 'a', { fin: false }), f('continuation', 'b', { rsv: 4 })]],
  ['no ping with a bit', (f) => [f('ping', 'a', { rsv: 4 })]]
], ({ log, feed, fromPeer, open }, frames) => {
  const a = extension(log, 'a', { marks: { rsv1: true } })
  const driver = open(a)
  log.call('text', () => driver.text('out'))
  log.call('binary', () => driver.binary(Buffer.from('out')))
  log.call('text of bytes', () => driver.text(Buffer.from('out')))
  log.call('messages', () => driver.messages.write('out'))
  feed.deliver(driver.io, ...frames(fromPeer))
})

parityAgreed('passes messages through two extensions', [
  ['in order', (f) => [f('text', 'in', { rsv: 6 }), f('binary', 'in', { rsv: 2 })]]
], ({ log, feed, fromPeer, open }, frames) => {
  const driver = open(
    extension(log, 'a', { marks: { rsv1: true } }),
    extension(log, 'b', { bits: [false, true, false], marks: { rsv2: true } })
  )
  log.call('text', () => driver.text('out'))
  feed.deliver(driver.io, ...frames(fromPeer))
  log.call('close', () => driver.close())
  feed.deliver(driver.io, fromPeer('close'))
})

parityAgreed('keeps the order of messages when sessions answer', [
  ['in order', [0, 1, 2]],
  ['in reverse', [2, 1, 0]],
  ['in mixed order', [1, 0, 2]],
  ['twice', [1, 1, 0, 0, 2]],
  ['all but one', [0, 2]]
], ({ log, feed, fromPeer, open }, order) => {
  const incoming = extension(log, 'a', { holds: 'x' })
  const driver = open(incoming)
  feed.deliver(driver.io, fromPeer('text', 'x1'), fromPeer('text', 'x2'), fromPeer('ping', 'p'), fromPeer('text', 'x3'),
    fromPeer('text', 'y'))
  incoming.session.release(...order)
  incoming.session.held = []
  log.call('text', () => driver.text('x4'))
  log.call('text', () => driver.text('x5'))
  log.call('ping', () => driver.ping('q'))
  log.call('text', () => driver.text('x6'))
  incoming.session.release(...order)
})

parityAgreed('delays its close frame for', [
  ['an outgoing message', ({ driver, log }) => {
    log.call('text', () => driver.text('x1'))
    log.call('close', () => driver.close('bye', 3001))
  }],
  ['an incoming message', ({ driver, log, fromPeer }) => {
    driver.io.write(fromPeer('text', 'x1'))
    log.call('close', () => driver.close('bye', 3001))
  }],
  ['an incoming message when the peer closes', ({ driver, fromPeer }) => {
    driver.io.write(fromPeer('text', 'x1'))
    driver.io.write(fromPeer('close', closePayload(3001, 'bye')))
  }],
  ['an outgoing message when the peer closes', ({ driver, log, fromPeer }) => {
    log.call('text', () => driver.text('x1'))
    driver.io.write(fromPeer('close', closePayload(3001, 'bye')))
  }],
  ['an incoming message when the peer violates the protocol', ({ driver, fromPeer }) => {
    driver.io.write(fromPeer('text', 'x1'))
    driver.io.write(fromPeer(3, ''))
  }],
  ['an outgoing message when both close', ({ driver, log, fromPeer }) => {
    log.call('text', () => driver.text('x1'))
    log.call('close', () => driver.close('mine', 3000))
    driver.io.write(fromPeer('close', closePayload(3001, 'yours')))
  }],
  ['no message', ({ driver, log, fromPeer }) => {
    log.call('text', () => driver.text('y'))
    log.call('close', () => driver.close('bye', 3001))
    driver.io.write(fromPeer('close', closePayload(3001, 'bye')))
  }]
], ({ log, fromPeer, open }, script) => {
  const a = extension(log, 'a', { holds: 'x' })
  const driver = open(a)
  script({ driver, log, fromPeer })
  log.add('state', driver.readyState)
  log.call('text', () => driver.text('late'))
  log.call('ping', () => driver.ping('late'))
  driver.io.write(fromPeer('ping', 'still'))
  driver.io.write(fromPeer('text', 'late'))
  if (a.session.held.length > 0) a.session.release(0)
  log.add('state', driver.readyState)
  driver.io.write(fromPeer('close'))
  log.add('state', driver.readyState)
}, { whole: 'single frames' })

const TYPES = [
  ['without a type', {}],
  ['too_large', { type: 'too_large' }],
  ['protocol_error', { type: 'protocol_error' }],
  ['going_away', { type: 'going_away' }],
  ['a code', { type: 3456 }],
  ['a code of RFC 6455', { type: 1008 }]
]

parityAgreed('fails when a session fails', [
  ...TYPES.flatMap(([name, more]) => [
    [`in its callback, ${name}`, { fails: { on: 'bad', error: boom('boom', more) } }],
    [`with an exception, ${name}`, { throws: { on: 'bad', error: boom('boom', more) } }]
  ])
], ({ log, feed, fromPeer, open }, given) => {
  // Each stage adds its name to the error, so each run needs a new error.
  const fresh = {}
  for (const [how, { on, error }] of Object.entries(given)) {
    fresh[how] = { on, error: boom('boom', { ...error }) }
  }
  const driver = open(extension(log, 'a', fresh))
  feed.deliver(driver.io, fromPeer('text', 'good'), fromPeer('text', 'bad'), fromPeer('text', 'unseen'))
  log.call('text', () => driver.text('late'))
  log.add('state', driver.readyState)
})

parityAgreed('fails when a session refuses to send', [
  ['in its callback', 'fails'], ['with an exception', 'throws']
], ({ log, feed, fromPeer, open }, how) => {
  const driver = open(extension(log, 'a', { [how]: { on: 'bad', error: boom() } }))
  log.call('text', () => driver.text('good'))
  log.call('text', () => driver.text('bad'))
  log.call('text', () => driver.text('late'))
  log.add('state', driver.readyState)
  feed.deliver(driver.io, fromPeer('text', 'late'), fromPeer('close'))
})

parityAgreed('names the extension of an error:', [
  ['the first', 'a'],
  ['the second', 'b']
], ({ log, feed, fromPeer, open }, failing) => {
  for (const direction of ['in', 'out']) {
    const given = (name) => (name === failing ? { fails: { on: 'bad', error: boom() } } : {})
    const driver = open(extension(log, 'a', given('a')),
      extension(log, 'b', { bits: [false, false, true], ...given('b') }))
    if (direction === 'in') feed.deliver(driver.io, fromPeer('text', 'bad'))
    else log.call('text', () => driver.text('bad'))
  }
})

parityAgreed('delivers the messages before an error that arrives', [
  ['before their answers', [1, 0]],
  ['in order', [0, 1]]
], ({ log, feed, fromPeer, open }, order) => {
  const a = extension(log, 'a', { holds: 'x', fails: { on: 'bad', error: boom() } })
  const driver = open(a)
  feed.deliver(driver.io, fromPeer('text', 'x good'), fromPeer('text', 'x bad'), fromPeer('text', 'x late'))
  a.session.release(...order, 2)
  log.add('state', driver.readyState)
})

parityAgreed('checks a message after its sessions:', [
  ['invalid UTF-8', (message) => { message.data = Buffer.from([0xff]) }],
  ['too long', (message) => { message.data = Buffer.alloc(301, 'x') }],
  ['exactly maxLength', (message) => { message.data = Buffer.alloc(300, 'x') }],
  ['another opcode', (message) => { message.opcode = 3 - message.opcode }]
], ({ log, feed, fromPeer, open }, change) => {
  const a = extension(log, 'a')
  const driver = open(a)
  a.session.transformed = (direction, message) => {
    change(message)
    return message
  }
  feed.deliver(driver.io, fromPeer('text', 'a'), fromPeer('text', 'b'))
})

parityAgreed('sends a message that a session has given', [
  ['another opcode', { opcode: 2 }],
  ['all bits', { rsv1: true, rsv2: true, rsv3: true }]
], ({ log, open }, marks) => {
  const driver = open(extension(log, 'a', { marks }))
  log.call('text', () => driver.text('out'))
})

parityTable('queued messages pass through the sessions of', [
  ['a server', (library, log, a) => {
    const driver = httpDriver(library, log, { headers: { 'sec-websocket-extensions': 'a' } })
    driver.addExtension(a)
    return [driver, () => log.call('start', () => driver.start())]
  }],
  ['a client', (library, log, a, feed) => {
    const { driver, head } = dial(library, log, { before: (driver) => driver.addExtension(a) })
    return [driver, () => feed.deliver(driver.io, upgradeResponse(head, { 'Sec-WebSocket-Extensions': 'a' }))]
  }]
], (library, log, feed, make) => {
  const a = extension(log, 'a', { marks: { rsv1: true } })
  const [driver, open] = make(library, log, a, feed)
  log.call('text', () => driver.text('queued'))
  log.call('binary', () => driver.binary(Buffer.from('queued')))
  open()
})

parity('extensions of server() can be added before the request', (library, log, feed) => {
  const driver = watch(log, library.server({ allowDrafts: false }))
  log.call('addExtension', () => driver.addExtension(extension(log, 'a', { marks: { rsv1: true } })))
  driver.on('connect', () => log.call('start', () => driver.start()))
  feed.deliver(driver.io, upgradeRequest({ 'Sec-WebSocket-Extensions': 'a; b' }))
  log.call('text', () => driver.text('out'))
  feed.deliver(driver.io, fromClient('text', 'in', { rsv: 4 }), fromClient('close'))
})

parity('an extension that is added after the start is not used', (library, log, feed) => {
  const driver = openServer(library, log, { headers: { 'sec-websocket-extensions': 'a' } })
  log.call('addExtension', () => driver.addExtension(extension(log, 'a')))
  log.call('text', () => driver.text('out'))
  feed.deliver(driver.io, fromClient('text', 'in'))
})
