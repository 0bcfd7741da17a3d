'use strict'

// faye-websocket-rs/permessage-deflate, called as websocket-extensions calls the package permessage-deflate.

const test = require('node:test')
const assert = require('node:assert/strict')
const zlib = require('node:zlib')

const original = require('permessage-deflate')

const ours = require('../../lib/permessage-deflate')

const { recognise } = require('../../lib/permessage-deflate/recognise')

const LIMIT = { maxLength: 1024 }

/** Returns the result or the exception of `script` as an object that can be compared. */
function outcome (script, deflate) {
  try {
    return { returns: script(deflate) }
  } catch (error) {
    return { throws: error.message, kind: error.constructor.name }
  }
}

/** Returns all combinations of one value per name. `absent` omits the name. */
function combinations (choices) {
  return Object.entries(choices).reduce((all, [name, values]) => all.flatMap((made) => values.map((value) => (
    value === absent ? made : { ...made, [name]: value }
  ))), [{}])
}

const absent = Symbol('absent')
const flag = [absent, true, 1]
const OPTIONS = combinations({
  noContextTakeover: [absent, true],
  maxWindowBits: [absent, 8, 11, 15],
  requestNoContextTakeover: [absent, true],
  requestMaxWindowBits: [absent, 8, 12, 15]
})
const OFFERS = combinations({
  server_no_context_takeover: flag,
  client_no_context_takeover: flag,
  server_max_window_bits: [absent, true, 0, 7, 8, 9, 10.5, 13, 15, 16, 1e21, -9, '010', '1e1', '', [9, 9]],
  client_max_window_bits: [absent, true, 7, 8, 12, 15, 16, 'x', [true, true]]
})
const RESPONSES = [
  ...OFFERS,
  { x: true }, { client_max_window_bits: 10, x: 1 }, { Server_no_context_takeover: true }, { constructor: true },
  JSON.parse('{"__proto__":true}')
]

for (const options of OPTIONS) {
  const name = JSON.stringify(options)

  test(`a server with ${name} selects an offer and responds like the original`, () => {
    for (const offer of RESPONSES) {
      const script = (deflate) => {
        const session = deflate.configure({ ...options }).createServerSession([offer], LIMIT)
        return session && Object.entries(session.generateResponse())
      }
      assert.deepEqual(outcome(script, ours), outcome(script, original), JSON.stringify(offer))
    }
  })

  test(`a client with ${name} offers and accepts like the original`, () => {
    for (const response of RESPONSES) {
      const script = (deflate) => {
        const session = deflate.configure({ ...options }).createClientSession(LIMIT)
        return [Object.entries(session.generateOffer()), session.activate(response)]
      }
      assert.deepEqual(outcome(script, ours), outcome(script, original), JSON.stringify(response))
    }
  })
}

for (const [name, script] of [
  ['the members', (deflate) => Object.entries(deflate).map(([name, value]) => [name, typeof value])],
  ['the constants', ({ name, type, rsv1, rsv2, rsv3 }) => [name, type, rsv1, rsv2, rsv3]],
  ['the members of a configured copy', (deflate) => Object.keys(deflate.configure({ level: 1 }))],
  ['the inherited members of a configured copy', (deflate) => {
    const copy = deflate.configure({})
    return [Object.getPrototypeOf(copy) === deflate, copy.name, copy.type, copy.rsv1, copy.rsv2, copy.rsv3]
  }],
  ['configure without options', (deflate) => typeof deflate.configure().createClientSession().generateOffer()],
  ['configure with null', (deflate) => typeof deflate.configure(null).createClientSession().generateOffer()],
  ['an unknown option', (deflate) => deflate.configure({ windowBits: 9 })],
  ['an unknown option without a value', (deflate) => deflate.configure({ maxwindowbits: undefined })],
  ['an inherited unknown option', (deflate) => deflate.configure(Object.create({ unheardOf: 1 }))],
  ['the first of several unknown options', (deflate) => deflate.configure({ level: 1, b: 1, a: 1 })],
  ['an inherited option', (deflate) => deflate.configure(Object.create({ maxWindowBits: 9 }))
    .createClientSession().generateOffer()],
  ['an earlier option, which is not replaced', (deflate) => deflate.configure({ maxWindowBits: 9 })
    .configure({ maxWindowBits: 10, requestMaxWindowBits: 11 }).createClientSession().generateOffer()],
  ['an earlier undefined option, which is not replaced', (deflate) => deflate.configure({ maxWindowBits: undefined })
    .configure({ maxWindowBits: 10 }).createClientSession().generateOffer()],
  ['three calls of configure', (deflate) => deflate.configure({ noContextTakeover: true })
    .configure({ noContextTakeover: false, maxWindowBits: 9 })
    .configure({ maxWindowBits: 10, requestMaxWindowBits: 12 }).createClientSession().generateOffer()],
  ['the extension itself, which configure does not change', (deflate) => {
    deflate.configure({ maxWindowBits: 9 })
    return deflate.createClientSession().generateOffer()
  }],
  ['flags that are truthy', (deflate) => deflate
    .configure({ noContextTakeover: 1, requestNoContextTakeover: 'yes' }).createClientSession().generateOffer()],
  ['flags that are falsy', (deflate) => deflate
    .configure({ noContextTakeover: 0, requestNoContextTakeover: '' }).createClientSession().generateOffer()],
  ['numbers at their limits', (deflate) => [
    { level: -1, memLevel: 1, strategy: 0 }, { level: 9, memLevel: 9, strategy: 4 }
  ].map((options) => deflate.configure(options).createServerSession([{}]).generateResponse())],
  ['the option zlib', (deflate) => deflate.configure({ zlib }).createServerSession([{}]).generateResponse()],
  ...[7, 16, 9.5, '9', null, true, NaN].flatMap((bits) => [
    [`a client's maxWindowBits of ${bits}`, (deflate) => deflate.configure({ maxWindowBits: bits })
      .createClientSession().generateOffer()],
    [`a client's requestMaxWindowBits of ${bits}`, (deflate) => deflate.configure({ requestMaxWindowBits: bits })
      .createClientSession().generateOffer()],
    [`both windows of ${bits}`, (deflate) => deflate
      .configure({ maxWindowBits: bits, requestMaxWindowBits: bits }).createClientSession().generateOffer()],
    [`a client's session without an offer, with windows of ${bits}`, (deflate) => typeof deflate
      .configure({ maxWindowBits: bits, requestMaxWindowBits: bits }).createClientSession()]
  ]),
  ['no offers', (deflate) => deflate.createServerSession([], LIMIT)],
  ['the first of several acceptable offers', (deflate) => deflate.createServerSession([
    { server_max_window_bits: 10 }, { server_max_window_bits: 11 }
  ], LIMIT).generateResponse()],
  ['the first acceptable offer after others', (deflate) => deflate.createServerSession([
    { server_max_window_bits: 16 }, { x: true }, { client_max_window_bits: [9, 9] },
    { client_max_window_bits: 9 }, { client_max_window_bits: 10 }
  ], LIMIT).generateResponse()],
  ['createServerSession without options', (deflate) => deflate.createServerSession([{}]).generateResponse()],
  ['generateResponse called twice', (deflate) => {
    const session = deflate.createServerSession([{ client_max_window_bits: 9 }])
    return [session.generateResponse(), session.generateResponse()]
  }],
  ['close called twice on new sessions', (deflate) => {
    const client = deflate.createClientSession()
    client.generateOffer()
    client.activate({})
    return [client, deflate.createServerSession([{}]), deflate.createClientSession()].map((session) => {
      session.close()
      return session.close()
    })
  }]
]) {
  test(`the original does the same: ${name}`, () => {
    assert.deepEqual(outcome(script, ours), outcome(script, original))
  })
}

test('ES modules import the module as a default, as in the original', async () => {
  for (const path of ['permessage-deflate', '../../lib/permessage-deflate/index.js']) {
    assert.equal((await import(path)).default, require(path))
  }
})

test('ES modules can import the functions by name and call them without `this`, unlike the original', async () => {
  const { configure, createClientSession, createServerSession } = await import('../../lib/permessage-deflate/index.js')
  assert.deepEqual(createClientSession(LIMIT).generateOffer(), ours.createClientSession(LIMIT).generateOffer())
  assert.deepEqual(createServerSession([{}], LIMIT).generateResponse(), {})
  const { configure: again } = configure({ noContextTakeover: true })
  assert.equal(again, configure)
  assert.deepEqual(recognise(configure({ noContextTakeover: true })),
    recognise(ours.configure({ noContextTakeover: true })))
})

const window = (name) => ({ throws: `Invalid value for ${name}`, kind: 'Error' })
const range = (text) => ({ throws: `Invalid ${text}`, kind: 'RangeError' })
const configured = (options) => (deflate) => typeof deflate.configure(options)
const answer = (options, offer = {}) => (deflate) => Object.entries(
  deflate.configure({ ...options }).createServerSession([offer], LIMIT).generateResponse()
)

// Name, script, result of the original, result of this package, and reason.
const DEVIATIONS = [
  ...[
    [{ level: 10 }, 'level: 10; expected an integer from -1 to 9'],
    [{ level: -2 }, 'level: -2; expected an integer from -1 to 9'],
    [{ level: 1.5 }, 'level: 1.5; expected an integer from -1 to 9'],
    [{ level: '6' }, "level: '6'; expected an integer from -1 to 9"],
    [{ level: null }, 'level: null; expected an integer from -1 to 9'],
    [{ memLevel: 0 }, 'memLevel: 0; expected an integer from 1 to 9'],
    [{ memLevel: 10 }, 'memLevel: 10; expected an integer from 1 to 9'],
    [{ strategy: 5 }, 'strategy: 5; expected an integer from 0 to 4'],
    [{ strategy: -1 }, 'strategy: -1; expected an integer from 0 to 4']
  ].map(([options, text]) => [
    text, configured(options), { returns: 'object' }, range(text),
    'zlib refuses it with the first message, which ends the connection'
  ]),
  ['options that are not an object', configured(5), { returns: 'object' },
    { throws: 'Invalid options: 5; expected an object', kind: 'TypeError' }, 'the original ignores them'],
  ['an option zlib without functions', configured({ zlib: {} }), { returns: 'object' },
    { throws: 'Invalid zlib: {}; expected a module with createDeflateRaw() and createInflateRaw()', kind: 'TypeError' },
    'the original fails with the first message'],
  ['the caller\'s options', (deflate) => {
    const options = { maxWindowBits: 10 }
    deflate.configure({ maxWindowBits: 9, level: 1 }).configure(options)
    return options
  }, { returns: { maxWindowBits: 9, level: 1 } }, { returns: { maxWindowBits: 10 } }, 'the original changes them'],
  ['the caller\'s options, changed later', (deflate) => {
    const options = { maxWindowBits: 10 }
    const copy = deflate.configure(options)
    options.maxWindowBits = 9
    return copy.createClientSession().generateOffer()
  }, { returns: { client_max_window_bits: 9 } }, { returns: { client_max_window_bits: 10 } },
  'the original uses the same object'],
  ['a server\'s maxWindowBits of 7', answer({ maxWindowBits: 7 }, { server_max_window_bits: 10 }),
    { returns: [['server_max_window_bits', 7]] }, window('maxWindowBits'), 'RFC 7692 has no such window'],
  ['a server\'s maxWindowBits of 16', answer({ maxWindowBits: 16 }), { returns: [] }, window('maxWindowBits'),
    'RFC 7692 has no such window'],
  ['a server\'s requestMaxWindowBits of 1', answer({ requestMaxWindowBits: 1 }, { client_max_window_bits: true }),
    { returns: [['client_max_window_bits', 1]] }, window('requestMaxWindowBits'), 'RFC 7692 has no such window'],
  ['a server\'s requestMaxWindowBits of null', answer({ requestMaxWindowBits: null }), { returns: [] },
    window('requestMaxWindowBits'), 'as for a client']
]
for (const [name, script, theirs, expected, reason] of DEVIATIONS) {
  test(`the original differs (${reason}): ${name}`, () => {
    assert.deepEqual(outcome(script, original), theirs)
    assert.deepEqual(outcome(script, ours), expected)
  })
}
