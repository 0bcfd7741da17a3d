'use strict'

// The extensions that the native code replaces: npm's permessage-deflate and this package's, and no others.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const zlib = require('node:zlib')

const npm = require('permessage-deflate')
const meteor = require('permessage-deflate2')

const deflate = require('../../lib/permessage-deflate')
const { VERSIONS, fingerprint, recognise } = require('../../lib/permessage-deflate/recognise')

const FOLDER = path.dirname(require.resolve('permessage-deflate'))
const NONE = {
  level: undefined,
  memLevel: undefined,
  strategy: undefined,
  noContextTakeover: false,
  maxWindowBits: undefined,
  requestNoContextTakeover: false,
  requestMaxWindowBits: undefined,
  threshold: undefined
}

/**
 * Loads npm's module again. `change(text, name)` may change the text of its files, `run(text)` evaluates the text of a
 * function, and `modules` replaces modules that they require.
 */
function load ({ change = (text) => text, run = (text) => vm.runInThisContext(text), modules = {} } = {}) {
  const loaded = new Map()
  const requireFile = (name) => {
    if (name in modules) return modules[name]
    if (!name.startsWith('./')) return require(name)
    if (!loaded.has(name)) {
      const module = { exports: {} }
      loaded.set(name, module)
      const text = change(fs.readFileSync(path.join(FOLDER, name + '.js'), 'utf8'), name)
      run(`(function (module, exports, require) {${text}\n})`)(module, module.exports, requireFile)
    }
    return loaded.get(name).exports
  }
  return requireFile('./permessage_deflate')
}

const replace = (text, by) => (source) => source.replaceAll(text, by)
const realm = vm.createContext({})

test('the fingerprints of the installed versions are in the table', () => {
  assert.equal(VERSIONS.get(fingerprint(npm)), require('permessage-deflate/package.json').version)
  assert.equal(VERSIONS.get(fingerprint(meteor)), require('permessage-deflate2/package.json').version)
})

for (const [name, base] of [['permessage-deflate2', meteor], ['this package\'s module', deflate]]) {
  test(`${name} is recognised with a threshold`, () => {
    assert.deepEqual(recognise(base), NONE)
    const given = base.configure({ threshold: 1024 })
    assert.deepEqual(recognise(given), { ...NONE, threshold: 1024 })
    assert.deepEqual(recognise(given.configure({ level: 1, threshold: 7 })), { ...NONE, level: 1, threshold: 1024 })
  })
}

test('permessage-deflate2 with a threshold that is not a number is not recognised', () => {
  for (const threshold of ['1024', null, NaN, -1]) assert.equal(recognise(meteor.configure({ threshold })), null)
})

for (const [name, base] of [
  ['npm\'s module', npm],
  ['npm\'s module, loaded again', load()],
  ['npm\'s module in another realm, as in jest', load({ run: (text) => vm.runInContext(text, realm) })],
  ['npm\'s module as evaluated text, as in webpack', load({ run: (text) => (0, eval)(text) })],
  ['npm\'s module with other white space', load({ change: replace('\n', '\r\n\t') })],
  ['npm\'s module, frozen,', Object.freeze(load())],
  ['npm\'s module without a prototype', Object.setPrototypeOf(load(), null)],
  ['a copy of npm\'s module', { ...npm }],
  ['this package\'s module', deflate],
  ['a copy of this package\'s module', { ...deflate }]
]) {
  test(`${name} is recognised`, () => {
    assert.deepEqual(recognise(base), NONE)
  })

  for (const [how, options, expected] of [
    ['with no options', {}, {}],
    ['with undefined options', undefined, {}],
    ['with all options', {
      level: 9,
      memLevel: 1,
      strategy: 3,
      noContextTakeover: true,
      maxWindowBits: 8,
      requestNoContextTakeover: true,
      requestMaxWindowBits: 15
    }],
    ['with flags of another type', { noContextTakeover: 1, requestNoContextTakeover: '' }, {
      noContextTakeover: true, requestNoContextTakeover: false
    }],
    ['with an option that is undefined', { level: undefined, maxWindowBits: undefined }, {}],
    ['with options of another realm', vm.runInContext('({ level: 3 })', realm)],
    ['with options that inherit', Object.create({ level: 3 }, { memLevel: { value: 3, enumerable: true } }), {
      memLevel: 3
    }],
    ['with Node\'s zlib', { level: 3, zlib }, { level: 3 }],
    ['with a copy of Node\'s zlib', { zlib: { ...zlib, default: zlib } }, {}]
  ]) {
    test(`${name} is recognised ${how}`, () => {
      assert.deepEqual(recognise(base.configure(options)), { ...NONE, ...(expected ?? options) })
    })
  }

  test(`${name} is recognised when it is configured repeatedly; earlier options win`, () => {
    const copy = base.configure({ level: 1 }).configure({ level: 2, memLevel: 2 }).configure({ memLevel: 3 })
    assert.deepEqual(recognise(copy), { ...NONE, level: 1, memLevel: 2 })
  })
}

test('Node\'s zlib is recognised in every form that an ES module can import', async () => {
  const namespace = await import('node:zlib')
  for (const imported of [namespace, namespace.default]) {
    assert.deepEqual(recognise(npm.configure({ zlib: imported })), NONE)
    assert.deepEqual(recognise(deflate.configure({ zlib: imported })), NONE)
  }
})

test('options are read at each use, as in the original', () => {
  const options = { level: 1 }
  const copy = npm.configure(options)
  assert.equal(recognise(copy).level, 1)
  options.level = 2
  assert.equal(recognise(copy).level, 2)
  options.level = 20
  assert.equal(recognise(copy), null)
})

test('an extension is not recognised while it is patched', () => {
  const patched = load()
  const method = patched.createServerSession
  assert.deepEqual(recognise(patched), NONE)
  patched.createServerSession = () => null
  assert.equal(recognise(patched), null)
  patched.createServerSession = method
  assert.deepEqual(recognise(patched), NONE)
})

/** Loads npm's module and changes it with `patch(base, clientPrototype, serverPrototype, sessionPrototype)`. */
function patched (patch) {
  const base = load()
  // The program has used it before.
  recognise(base)
  const client = Object.getPrototypeOf(base.createClientSession())
  const server = Object.getPrototypeOf(base.createServerSession([{}]))
  patch(base, client, server, Object.getPrototypeOf(client))
  return base
}

const own = (method) => function (...args) { return method.apply(this, args) }
const refuse = () => { throw new Error('must not be called') }
const wrapped = {
  createDeflateRaw: (options) => zlib.createDeflateRaw(options),
  createInflateRaw: (options) => zlib.createInflateRaw(options)
}

const TEXTS = [
  ['./permessage_deflate', 'new ClientSession(this._options || {})', 'new ClientSession({})'],
  ['./permessage_deflate', 'options[key] = opts[key]', 'options[key] = options[key] || opts[key]'],
  ['./client_session', 'if (!params.server_max_window_bits) return false', ''],
  ['./client_session', 'offer.client_max_window_bits = true', ''],
  ['./client_session', 'if (!common.validParams(params)) return false', ''],
  ['./server_session', '[true].concat', '[].concat'],
  ['./server_session', 'Firefox', 'Opera'],
  ['./server_session', 'this._params = params', 'this._params = {}'],
  ['./session', 'false);\n  this._requestMaxWindowBits', 'true);\n  this._requestMaxWindowBits'],
  ['./session', 'callback(null, message)', 'callback(null, message, 1)'],
  ['./session', 'data.length - 4', 'data.length - 5'],
  ['./session', 'try { codec.close() } catch (error) {}', 'codec.close()']
]

// Objects that are not recognised. None of them may throw.
const OTHERS = [
  ['a class of its own', class {}],
  ['a function', function () {}],
  ['an empty object', {}],
  ['an array', []],
  ['a date', new Date(0)],
  ...[undefined, null, true, 5, 'permessage-deflate', Symbol('permessage-deflate'), 5n].map((value) => [
    `${typeof value} ${String(value)}`, value
  ]),
  ['an object that only looks the same', {
    ...npm, configure () {}, createClientSession () {}, createServerSession: () => null
  }],
  ['an extension whose name differs', { ...npm, name: 'x-webkit-deflate-frame' }],
  ['an extension whose type differs', { ...npm, type: 'perframe' }],
  ['an extension with another bit', { ...npm, rsv2: true }],
  ['an extension without its bit', { ...npm, rsv1: false }],
  ['an extension without a method', Object.fromEntries(Object.entries(npm).filter(([name]) => name !== 'configure'))],
  ['an extension with an additional property', { ...npm, threshold: 1024 }],
  ['an extension with a symbol', { ...npm, [Symbol('own')]: 1 }],
  ['an extension with a method of its own', { ...npm, createServerSession: own(npm.createServerSession) }],
  ['an extension with a bound method', { ...npm, createServerSession: npm.createServerSession.bind(npm) }],
  ['an extension with a method behind a proxy', {
    ...npm, createServerSession: new Proxy(npm.createServerSession, {})
  }],
  ['an extension with a getter', { ...npm, get name () { return 'permessage-deflate' } }],
  ['this package\'s with a method of its own', { ...deflate, createServerSession: own(deflate.createServerSession) }],
  ['this package\'s with a method of npm', { ...deflate, createServerSession: npm.createServerSession }],
  ['npm\'s with a method of this package', { ...npm, createServerSession: deflate.createServerSession }],
  ...[['npm\'s', npm], ['this package\'s', deflate]].flatMap(([whose, base]) => [
    [`an object that inherits from ${whose}`, Object.create(base)],
    [`an object that inherits from ${whose} and overrides a method`, Object.create(base, {
      createClientSession: { value: refuse }
    })],
    [`an object that inherits from ${whose} and overrides an inherited method`, Object.create(
      Object.create(base, { createClientSession: { value: refuse } }), { _options: { value: {} } }
    )],
    [`a configured copy of ${whose} with an additional method`, Object.assign(base.configure({}), {
      createServerSession: () => null
    })],
    [`a configured copy of ${whose} with another prototype`, Object.setPrototypeOf(base.configure({}), {
      ...base, name: 'other'
    })],
    [`a configured copy of a copy of ${whose} with a method`, Object.assign(base.configure({}), {
      toString: () => 'deflate'
    }).configure({})],
    [`${whose} behind a proxy`, new Proxy(base, {})],
    [`a configured copy of ${whose} behind a proxy`, new Proxy(base.configure({}), {})],
    [`a configured copy of ${whose} with a proxy for a prototype`, Object.create(new Proxy(base, {}), {
      _options: { value: {} }
    })],
    [`${whose} behind a proxy that throws`, new Proxy(base, {
      get: refuse, getOwnPropertyDescriptor: refuse, getPrototypeOf: refuse, has: refuse, ownKeys: refuse
    })],
    [`a copy of ${whose} with a getter for options`, Object.create(base, { _options: { get: refuse } })],
    [`a copy of ${whose} with options behind a proxy`, Object.create(base, { _options: { value: new Proxy({}, {}) } })],
    [`a copy of ${whose} with an option that is a getter`, Object.create(base, {
      _options: { value: { get level () { return refuse() } } }
    })],
    [`a copy of ${whose} with a zlib that throws`, Object.create(base, {
      _options: { value: { zlib: { get createDeflateRaw () { return refuse() } } } }
    })],
    [`${whose} with a zlib that is not Node's`, base.configure({ zlib: wrapped })],
    ...[
      { level: 10 }, { level: 1.5 }, { level: '1' }, { level: null }, { memLevel: 0 }, { memLevel: 10 },
      { strategy: 5 }, { maxWindowBits: 7 }, { maxWindowBits: null }, { requestMaxWindowBits: 16 },
      { requestMaxWindowBits: '9' }, { unknown: 1 }, 'text', 5
    ].map((options) => [
      `a copy of ${whose} with ${JSON.stringify(options)}`, Object.create(base, { _options: { value: options } })
    ])
  ]),
  ['npm\'s with a changed copy as its prototype', Object.assign(npm.configure({}), { rsv2: true }).configure({})],
  ['npm\'s with sessions that inflate differently', patched((_base, _client, _server, session) => {
    session.processIncomingMessage = own(session.processIncomingMessage)
  })],
  ['npm\'s with client sessions that deflate differently', patched((_base, client, _server, session) => {
    client.processOutgoingMessage = own(session.processOutgoingMessage)
  })],
  ['npm\'s with servers that respond differently', patched((_base, _client, server) => {
    server.generateResponse = own(server.generateResponse)
  })],
  ['npm\'s with another method of its sessions', patched((_base, _client, server) => { server.reset = () => {} })],
  ['npm\'s with a missing method of its sessions', patched((_base, _client, _server, session) => {
    delete session.close
  })],
  ['npm\'s with a getter instead of a method of its sessions', patched((_base, _client, server) => {
    Object.defineProperty(server, 'generateResponse', { get: refuse })
  })],
  ['npm\'s with clients that accept differently', patched((_base, client) => {
    client.constructor.validParams = () => true
  })],
  ['npm\'s with sessions that inherit from another object', patched((_base, _client, _server, session) => {
    Object.setPrototypeOf(session, { extra: true })
  })],
  ['npm\'s with a session without a prototype', patched((_base, client) => { Object.setPrototypeOf(client, null) })],
  ['npm\'s with inherited options', patched((base) => { Object.setPrototypeOf(base, { _options: { level: 1 } }) })],
  ['npm\'s that inherits from another object', patched((base) => { Object.setPrototypeOf(base, { own: 1 }) })],
  ['npm\'s with a mocked zlib', load({ modules: { zlib: { ...zlib } } })],
  ...TEXTS.map(([file, text, by]) => [
    `a fork with ${JSON.stringify(by)} for ${JSON.stringify(text)}`,
    load({ change: (source, name) => name === file ? replaceOnce(source, text, by) : source })
  ])
]

/** Replaces `text`, and throws if the source does not contain it. */
function replaceOnce (source, text, by) {
  assert.ok(source.includes(text), text)
  return source.replace(text, by)
}

for (const [name, extension] of OTHERS) {
  test(`${name} is not recognised`, () => {
    assert.equal(recognise(extension), null)
  })
}

test('methods of an extension that is not recognised are not called', () => {
  const used = []
  const spy = { ...npm }
  for (const name of ['configure', 'createClientSession', 'createServerSession']) {
    spy[name] = (...args) => {
      used.push(name)
      return npm[name](...args)
    }
  }
  assert.equal(recognise(spy), null)
  assert.deepEqual(used, [])
})

test('recognition does not change an extension', () => {
  const copy = npm.configure({ level: 1 })
  const before = [Reflect.ownKeys(npm), Reflect.ownKeys(copy), { ...copy._options }]
  recognise(copy)
  assert.deepEqual([Reflect.ownKeys(npm), Reflect.ownKeys(copy), { ...copy._options }], before)
})
