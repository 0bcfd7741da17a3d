'use strict'

// Everything that a program can do with the net.Socket of a connection, documented or not. With the native transport it
// sees and causes the same as with Node's stream. Each row runs with both transports.

const assert = require('node:assert/strict')
const asyncHooks = require('node:async_hooks')
const diagnosticsChannel = require('node:diagnostics_channel')
const net = require('node:net')
const stream = require('node:stream')
const { mock } = require('node:test')
const util = require('node:util')

const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { createAuthority } = require('../support/certs')
const { accept, connectOpen, eventually, once, serve } = require('../support/peer')
const { countFrames, frame, fromClient, readFrames } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { UNAVAILABLE, transports } = require('../support/native')

const { prototype } = net.Socket

/** Functions that open a connection. `before(socket)` runs before the WebSocket is made, and may return its socket. */
const roles = {
  async server (scope, options, before) {
    const opened = new Promise((resolve) => {
      options.onUpgrade = (request, socket, body) => {
        const given = before(socket) ?? socket
        const ws = new WebSocket(request, given, body, [], options.options)
        ws.on('open', () => resolve({ socket, ws }))
      }
    })
    const { port } = await serve(scope, WebSocket, options)
    const peer = await connectOpen(scope, port)
    return { ...await opened, peer, frame: fromClient, ours: frame }
  },

  async client (scope, { options }, before, secure) {
    const server = await accept(scope, secure && { secure: secure.local })
    const ws = new WebSocket.Client(server.url, [], { ...options, ...(secure && { ca: secure.root.cert }) })
    scope.defer(() => ws._stream.destroy())
    ws._stream.prependOnceListener('connect', () => before(ws._stream))
    const opened = once(ws, 'open')
    const peer = await server.acceptedOpen()
    await opened
    return { socket: ws._stream, ws, peer, frame, ours: fromClient }
  },

  'client over TLS': (scope, options, before) => {
    authority ??= createAuthority()
    return roles.client(scope, options, before, authority)
  }
}
let authority

const PLAIN = ['server', 'client']
const ALL = [...PLAIN, 'client over TLS']

const nothing = () => {}

/** Opens a connection with a transport, and records the messages that it receives. */
async function open (scope, role, transport, before = nothing) {
  const options = { options: transport === 'stream' ? { transport } : {} }
  const connection = await roles[role](scope, options, before)
  connection.role = role
  connection.messages = []
  connection.ws.on('message', ({ data }) => connection.messages.push(data))
  connection.ws.on('error', nothing)
  return connection
}

const texts = ({ bytes }) => readFrames(bytes).frames.map(({ payload }) => String(payload))

/** Sends a message in each direction, and waits until both have arrived. */
async function exchange ({ frame, messages, peer, ws }) {
  const received = messages.length + 1
  const sent = texts(peer).length + 1
  ws.send('sent')
  peer.write(frame('text', 'received'))
  await eventually(() => messages.length === received, 'the message')
  await peer.until(() => texts(peer).length === sent, 'the other message')
  assert.deepEqual([messages.at(-1), texts(peer).at(-1)], ['received', 'sent'])
}

/** Runs each row with every transport and in several roles. */
function table (rows, body, names = PLAIN) {
  for (const [name, row] of Object.entries(rows)) {
    for (const role of names) {
      for (const transport of transports) {
        test(`${role}, ${transport}: ${name}`, (scope) => body(scope, role, transport, row))
      }
    }
  }
}

/** Adds a sentence to the short names of rows. */
function named (sentence, rows) {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [`${sentence} (${name})`, row]))
}

// Bytes that a program puts into the socket.

const put = ({ frame }) => frame('text', 'put')

const INJECTIONS = {
  'pushed bytes are received': ({ socket, ...rest }) => socket.push(put(rest)),
  'unshifted bytes are received': ({ socket, ...rest }) => socket.unshift(put(rest)),
  'an emitted data event is received': ({ socket, ...rest }) => socket.emit('data', put(rest)),
  'a frame that is pushed in pieces is received': ({ socket, ...rest }) => {
    for (const byte of put(rest)) socket.push(Buffer.from([byte]))
  },
  'a pushed string is received': ({ socket, ...rest }) => socket.push(put(rest).toString('latin1'), 'latin1'),
  'push, called as a function, works like the method': ({ socket, ...rest }) => {
    const { push } = socket
    push.call(socket, put(rest))
  },
  'bytes of a wrapped stream are received': ({ socket, ...rest }) => {
    const old = new stream.Stream()
    socket.wrap(old)
    old.emit('data', put(rest))
  }
}
table(INJECTIONS, async (scope, role, transport, inject) => {
  const connection = await open(scope, role, transport)
  const { messages } = connection
  await exchange(connection)
  assert.equal(usesReactor(connection.ws), transport === 'native')
  inject(connection)
  assert.deepEqual(messages, ['received', 'put'], 'at once')
  await exchange(connection)

  messages.length = 0
  await injectInHandler(connection, inject)
}, ALL)
const FIRST_INJECTIONS = Object.entries(INJECTIONS).map(([name, inject]) => [`${name} in the first handler`, inject])
table(Object.fromEntries(FIRST_INJECTIONS), async (scope, role, transport, inject) => {
  await injectInHandler(await open(scope, role, transport), inject)
}, ALL)

/** Checks that bytes put in by a handler follow the messages that have arrived with its own. */
async function injectInHandler (connection, inject) {
  const { frame, messages, peer, ws } = connection
  ws.once('message', () => inject(connection))
  peer.write(Buffer.concat(['one', 'two', 'three'].map((text) => frame('text', text))))
  await eventually(() => messages.length === 4, 'all messages')
  assert.deepEqual(messages, ['one', 'two', 'three', 'put'])
  await exchange(connection)
}

// Methods that a program wraps: its wrappers see all bytes.

const assign = (object, name, method) => { object[name] = method }
/** Replaces a method as shimmer and similar tools do. */
const define = (object, name, value) => {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true })
}

/** Wraps a method of `object`: calls `see` and the original. The scope restores the original. */
function wrap (scope, object, name, see, { isFor = () => true, set = assign } = {}) {
  const own = Object.getOwnPropertyDescriptor(object, name)
  const original = object[name]
  set(object, name, function (...args) {
    if (isFor(this)) see(...args)
    return original.apply(this, args)
  })
  scope.defer(() => own ? Object.defineProperty(object, name, own) : delete object[name])
}

const isBytes = (value) => value instanceof Uint8Array
/** Records the bytes among the arguments of a write, or in its list of chunks. */
const seeChunk = (seen) => (...args) => seen.push(...args.flat().map((each) => each?.chunk ?? each).filter(isBytes))
const outgoing = (name, set) => ({ scope, socket, seen }) => wrap(scope, socket, name, seeChunk(seen), { set })
const ofClass = (object, name) => ({ scope, socket, seen }) => {
  wrap(scope, object, name, seeChunk(seen), { isFor: (each) => each === socket })
}
const handlePrototype = (socket) => {
  let object = socket._handle
  while (!Object.hasOwn(object, 'writeBuffer')) object = Object.getPrototypeOf(object)
  return object
}

const WRAPPED_WRITES = {
  'write, assigned': outgoing('write'),
  'write, defined': outgoing('write', define),
  'write, assigned without a read before': ({ socket, seen }) => {
    socket.write = function (...args) {
      seen.push(args[0])
      return prototype.write.apply(this, args)
    }
  },
  _write: outgoing('_write'),
  '_writeGeneric, defined': outgoing('_writeGeneric', define),
  'write of the class': ofClass(prototype, 'write'),
  '_write of the class': ofClass(prototype, '_write'),
  '_writeGeneric of the class': ofClass(prototype, '_writeGeneric'),
  'write of all Duplexes': ofClass(stream.Duplex.prototype, 'write'),
  'writeBuffer of the handle': ({ scope, socket, seen }) => wrap(scope, socket._handle, 'writeBuffer', seeChunk(seen)),
  'writeBuffer of the handle, defined': ({ scope, socket, seen }) => {
    wrap(scope, socket._handle, 'writeBuffer', seeChunk(seen), { set: define })
  }
}
/** Wrappers that count only if they exist before the connection. */
const WRAPPED_BEFORE = {
  'writeBuffer of all handles': ({ scope, socket, seen }) => {
    const handle = socket._handle
    wrap(scope, handlePrototype(socket), 'writeBuffer', seeChunk(seen), { isFor: (each) => each === handle })
  },
  'write of a subclass': ({ socket, seen }) => {
    Object.setPrototypeOf(socket, class extends net.Socket {
      write (...args) {
        seen.push(args[0])
        return super.write(...args)
      }
    }.prototype)
  },
  'write of a Proxy': ({ socket, seen }) => new Proxy(socket, {
    get (target, name) {
      const value = Reflect.get(target, name)
      if (name !== 'write') return typeof value === 'function' ? value.bind(target) : value
      return (...args) => {
        seen.push(args[0])
        return target.write(...args)
      }
    },
    set: (target, name, value) => Reflect.set(target, name, value)
  })
}
const ALL_BEFORE = { ...WRAPPED_WRITES, ...WRAPPED_BEFORE }
table(named('an earlier wrapper sees the written bytes', ALL_BEFORE), async (scope, role, transport, patch) => {
  // A client creates its socket itself.
  if (role === 'client' && patch === WRAPPED_BEFORE['write of a Proxy']) return
  const seen = []
  const connection = await open(scope, role, transport, (socket) => patch({ scope, socket, seen }))
  assert.equal(usesReactor(connection.ws), false)
  seen.length = 0
  await exchange(connection)
  assert.deepEqual(Buffer.concat(seen).length, connection.ours('text', 'sent').length)
})

// Node writes buffered chunks with `_writev`, so `_write` does not see them.
const WRAPPED_FULL = Object.entries(WRAPPED_WRITES).filter(([name]) => /^write[, ]|_writeGeneric/.test(name))
const AFTER = [
  ...Object.entries(WRAPPED_WRITES).map(([name, patch]) => [`${name}, outside a handler`, { patch }]),
  ...Object.entries(WRAPPED_WRITES).map(([name, patch]) => [`${name}, in a handler`, { patch, inHandler: true }]),
  ...WRAPPED_FULL.map(([name, patch]) => [`${name}, with much output unwritten`, { patch, isFull: true }])
]
const ALL_AFTER = named('a later wrapper sees the written bytes', Object.fromEntries(AFTER))
table(ALL_AFTER, async (scope, role, transport, { patch, inHandler, isFull }) => {
  const connection = await open(scope, role, transport)
  const { ours, peer, socket, ws } = connection
  await exchange(connection)
  assert.equal(usesReactor(connection.ws), transport === 'native')
  const seen = []
  if (isFull) {
    peer.bytes = Buffer.alloc(0)
    peer.socket.pause()
    for (let i = 0; i < 16; i++) ws.send(Buffer.alloc(1 << 19, i))
  }
  const act = () => {
    patch({ scope, socket, seen })
    ws.send('seen')
    if (!isFull) ws.send('seen too')
  }
  if (inHandler) {
    peer.write(connection.frame('text', 'now'))
    await once(ws, 'message')
    ws.once('message', act)
    peer.write(connection.frame('text', 'now'))
    await eventually(() => connection.messages.length === 3, 'the message')
  } else act()
  if (isFull) {
    await scope.settle(1)
    ws.send('seen too')
    peer.socket.resume()
  }
  const count = isFull ? 18 : 3
  await peer.until(() => countFrames(peer.bytes) === count, `${count} frames`)
  const size = Buffer.concat([ours('text', 'seen'), ours('text', 'seen too')]).length
  assert.deepEqual(texts({ bytes: peer.bytes.subarray(-size) }), ['seen', 'seen too'])
  const bytes = Buffer.concat(seen)
  if (isFull) assert.ok(bytes.length >= size, `${bytes.length} bytes`)
  else assert.equal(bytes.length, size)
  connection.messages.length = 0
  peer.bytes = Buffer.alloc(0)
  await exchange(connection)
})

const WRAPPED_READS = {
  push: outgoing('push'),
  'push, defined': outgoing('push', define),
  'push of the class': ofClass(prototype, 'push'),
  'push of all Readables': ofClass(stream.Readable.prototype, 'push'),
  emit: ({ scope, socket, seen }) => wrap(scope, socket, 'emit', (type, chunk) => type === 'data' && seen.push(chunk)),
  'emit of the class': ({ scope, socket, seen }) => {
    const see = (type, chunk) => type === 'data' && seen.push(chunk)
    wrap(scope, prototype, 'emit', see, { isFor: (each) => each === socket })
  }
}
table(named('a wrapper sees the received bytes', WRAPPED_READS), async (scope, role, transport, patch) => {
  for (const when of ['before', 'after']) {
    const seen = []
    const connection = await open(scope, role, transport, (socket) => {
      if (when === 'before') patch({ scope, socket, seen })
    })
    if (when === 'after') {
      assert.equal(usesReactor(connection.ws), transport === 'native')
      patch({ scope, socket: connection.socket, seen })
      // The transport checks the class at each write and after each read.
      connection.ws.send('check')
      await connection.peer.frame()
    }
    seen.length = 0
    await exchange(connection)
    assert.deepEqual(Buffer.concat(seen), connection.frame('text', 'received'), when)
    await scope.close()
  }
})

const REPLACED = [
  'write', 'end', 'cork', 'uncork', 'push', 'unshift', 'read', 'pause', 'resume', 'emit', '_read', '_write', '_writev',
  '_writeGeneric', '_final'
]
for (const name of REPLACED) {
  test(`a replaced ${name}, of the socket or of its class, selects the stream transport`, async (scope) => {
    const connection = await open(scope, 'server', 'native')
    wrap(scope, connection.socket, name, nothing, { set: define })
    await exchange(connection)
    const another = await open(scope, 'server', 'native')
    wrap(scope, prototype, name, nothing)
    await exchange(another)
    const last = await open(scope, 'server', 'native')
    await exchange(last)
    assert.deepEqual([connection, another, last].map(({ ws }) => usesReactor(ws)), [false, false, false])
  }, { skip: UNAVAILABLE })
}

// Spies and stubs examine the definition of a method, and not all of them read it first.
const SPIES = {
  'mock.method of node:test': (socket, name) => {
    const spied = mock.method(socket, name)
    return () => spied.mock.callCount()
  },
  'a spy like those of sinon': (socket, name) => {
    let calls = 0
    let object = socket
    while (!Object.hasOwn(object, name)) object = Object.getPrototypeOf(object)
    const { value } = Object.getOwnPropertyDescriptor(object, name)
    define(socket, name, function (...args) {
      calls++
      return value.apply(this, args)
    })
    return () => calls
  }
}
for (const [tool, spy] of Object.entries(SPIES)) {
  for (const name of ['write', 'push', 'emit']) {
    for (const transport of transports) {
      test(`${transport}: ${tool} sees the calls of ${name}`, async (scope) => {
        const connection = await open(scope, 'server', transport)
        const count = spy(connection.socket, name)
        await exchange(connection)
        await exchange(connection)
        assert.ok(count() > 0)
        assert.ok(!usesReactor(connection.ws))
      }, { skip: tool.endsWith('node:test') && !mock && 'Node 18.0 has no mocks' })
    }
  }
}

test('sockets use the native transport again once their class is restored', async (scope) => {
  const { write } = prototype
  prototype.write = function (...args) { return write.apply(this, args) }
  const first = await open(scope, 'server', 'native')
  delete prototype.write
  const second = await open(scope, 'server', 'native')
  assert.deepEqual([first, second].map(({ ws }) => usesReactor(ws)), [false, true])
  await Promise.all([first, second].map((connection) => exchange(connection)))
}, { skip: UNAVAILABLE })

// Wrapped methods that end a connection, and wrapped methods that these call.

const ENDINGS = Object.fromEntries(['end', 'destroy', 'destroySoon', '_final', '_destroy', 'resetAndDestroy']
  // Node 18.0 cannot reset.
  .filter((name) => name in prototype)
  .map((name) => [`a wrapper of ${name} is called`, { name }]))
table(ENDINGS, async (scope, role, transport, { name }) => {
  const connection = await open(scope, role, transport)
  const { peer, socket, ws } = connection
  let calls = 0
  wrap(scope, socket, name, () => calls++)
  ws.send('last')
  const closed = once(ws, 'close')
  const method = { _final: 'end', _destroy: 'destroy' }[name] ?? name
  socket[method]()
  const isReset = name === 'resetAndDestroy'
  if (!isReset) await peer.frame()
  peer.socket.end()
  assert.equal((await closed).code, 1006)
  await eventually(() => socket.destroyed, 'the end')
  // We call it too.
  assert.ok(calls >= 1)
  if (!isReset) assert.notEqual(await peer.ended(), 'ECONNRESET')
})

// Ways to read a socket: the program and the connection both see the bytes.

const collect = (socket, seen) => socket.on('data', (chunk) => seen.push(chunk))

const READERS = {
  on: ({ socket, seen }) => collect(socket, seen),
  once: ({ socket, seen }) => socket.once('data', (chunk) => seen.push(chunk)),
  prependListener: ({ socket, seen }) => socket.prependListener('data', (chunk) => seen.push(chunk)),
  'readable and read': ({ socket, seen }) => socket.on('readable', () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) seen.push(chunk)
  }),
  'for await': ({ socket, seen }) => {
    (async () => {
      for await (const chunk of socket) seen.push(chunk)
    })().catch(nothing)
  },
  pipe: ({ socket, seen }) => collect(socket.pipe(new stream.PassThrough()), seen),
  pipeline: ({ socket, seen }) => collect(stream.pipeline(socket, new stream.PassThrough(), nothing), seen),
  'Readable.toWeb': ({ socket, seen }) => {
    const reader = stream.Readable.toWeb(socket).getReader()
    const next = ({ value, done }) => {
      if (done) return
      seen.push(value)
      reader.read().then(next, nothing)
    }
    reader.read().then(next, nothing)
  },
  setEncoding: ({ role, socket, seen }) => {
    // Node refuses it on the sockets of its HTTP server.
    if (role === 'client') socket.setEncoding('latin1').setEncoding('latin1')
    collect(socket, seen)
    if (role === 'client') socket._readableState.decoder = socket._readableState.encoding = null
  }
}
table(named('the program and the connection see the same bytes', READERS), async (scope, role, transport, read) => {
  const seen = []
  const connection = await open(scope, role, transport)
  await exchange(connection)
  read({ ...connection, seen })
  await exchange(connection)
  await eventually(() => seen.length > 0, 'the bytes')
  assert.deepEqual(Buffer.concat(seen.map((chunk) => Buffer.from(chunk, 'latin1'))),
    connection.frame('text', 'received'))
  assert.equal(usesReactor(connection.ws), false)
})

// Ways to write to a socket: the bytes follow earlier messages and precede later ones.

const WRITERS = {
  write: (socket, bytes) => socket.write(bytes),
  'write with a callback': (socket, bytes, resolve) => socket.write(bytes, resolve),
  'write in a corked socket': (socket, bytes) => {
    socket.cork()
    socket.write(bytes)
    process.nextTick(() => socket.uncork())
  },
  _writeGeneric: (socket, bytes) => socket._writeGeneric(false, bytes, 'buffer', nothing),
  'writeBuffer of the handle': (socket, bytes) => {
    const { WriteWrap } = process.binding('stream_wrap')
    const request = new WriteWrap()
    request.oncomplete = nothing
    socket._handle.writeBuffer(request, bytes)
  },
  pipe: (socket, bytes) => stream.Readable.from([bytes]).pipe(socket, { end: false }),
  'Duplex.toWeb': (socket, bytes) => {
    const { writable } = stream.Duplex.toWeb(socket)
    const writer = writable.getWriter()
    writer.write(bytes)
    writer.releaseLock()
    socket.resume()
  }
}
table(named('bytes of the program keep their place among messages', WRITERS), async (scope, role, transport, write) => {
  const connection = await open(scope, role, transport)
  const { ours, peer, socket, ws } = connection
  await exchange(connection)
  ws.send('before')
  write(socket, ours('text', 'by the program'))
  await scope.settle()
  ws.send('after')
  await peer.until(() => texts(peer).length === 4, 'all frames')
  assert.deepEqual(texts(peer), ['sent', 'before', 'by the program', 'after'])
  await exchange(connection)
})

test('a corked socket holds messages until it is uncorked', async (scope) => {
  for (const transport of transports) {
    for (const when of ['before', 'after']) {
      const connection = await open(scope, 'server', transport, (socket) => {
        if (when === 'before') process.nextTick(() => process.nextTick(() => socket.cork()))
      })
      const { peer, socket, ws } = connection
      if (when === 'after') socket.cork()
      ws.send('kept')
      await scope.settle(50)
      assert.deepEqual(texts(peer), [], `${transport}, ${when}`)
      socket.uncork()
      await peer.frame()
    }
  }
})

// Uses of a socket that neither read nor change bytes: the reactor keeps the socket.

const NEUTRAL = {
  'listeners of all events without bytes': ({ socket }) => {
    for (const event of ['close', 'end', 'error', 'timeout', 'drain', 'finish', 'lookup', 'ready', 'pause', 'resume']) {
      socket.on(event, nothing)
    }
  },
  'stream.finished': ({ socket }) => stream.finished(socket, nothing),
  'stream.addAbortSignal': ({ socket }) => stream.addAbortSignal(new AbortController().signal, socket),
  'options of the socket': ({ socket }) => {
    socket.setTimeout(60000).setKeepAlive(true, 1000).setNoDelay(false).unref().ref()
    socket.setTimeout(0)
  },
  'reads of its properties': ({ socket }) => {
    util.inspect(socket, { showHidden: false })
    const { address, bufferSize, localPort, pending, readable, readableLength, readyState, writable } = socket
    assert.deepEqual([typeof address, bufferSize, pending, readable, readableLength, readyState, writable],
      ['function', 0, false, true, 0, 'open', true])
    assert.ok(localPort > 0)
    assert.deepEqual([socket.writableLength, socket.writableNeedDrain, socket.isPaused()], [0, false, false])
    assert.ok(socket instanceof net.Socket && socket.constructor === net.Socket)
  },
  'resume, read and uncork': ({ socket }) => {
    socket.resume()
    socket.read(0)
    socket.uncork()
  },
  'hooks and channels': ({ scope }) => {
    const hook = asyncHooks.createHook({ init: nothing, before: nothing, after: nothing, destroy: nothing }).enable()
    diagnosticsChannel.channel('net.server.socket').subscribe(nothing)
    scope.defer(() => {
      hook.disable()
      diagnosticsChannel.channel('net.server.socket').unsubscribe(nothing)
    })
  },
  'a wrapped emit of all emitters, as in node:domain': ({ scope }) => {
    const { EventEmitter } = require('node:events')
    wrap(scope, EventEmitter.prototype, 'emit', nothing)
  },
  'wrapped methods that move no bytes': ({ scope }) => {
    for (const name of ['connect', 'destroy', 'setTimeout', 'ref']) wrap(scope, prototype, name, nothing)
  },
  'enumeration of its properties': ({ socket }) => {
    const names = []
    for (const name in socket) names.push(name)
    const reference = []
    for (const name in new net.Socket()) reference.push(name)
    for (const name of ['write', 'end', 'push', 'cork', '_write']) {
      assert.equal(names.includes(name), reference.includes(name), name)
    }
  }
}
table(named('the transport stays the same', NEUTRAL), async (scope, role, transport, act) => {
  for (const when of ['before', 'after']) {
    const connection = await open(scope, role, transport, (socket) => {
      if (when === 'before') act({ scope, socket })
    })
    if (when === 'after') act({ scope, socket: connection.socket })
    await exchange(connection)
    assert.equal(usesReactor(connection.ws), transport === 'native', when)
  }
})

test('a socket with the option onread keeps writing to the buffer of the program', async (scope) => {
  for (const transport of transports) {
    const server = await accept(scope)
    const seen = []
    const callback = (count, buffer) => seen.push(String(buffer.subarray(0, count)))
    const net = { onread: { buffer: Buffer.alloc(4096), callback } }
    const ws = new WebSocket.Client(server.url, [], { net, ...(transport === 'stream' && { transport }) })
    const peer = await server.accepted()
    await peer.head()
    peer.write('HTTP/1.1 101 ')
    await eventually(() => seen.length > 0, transport)
    assert.deepEqual([seen.join(''), ws.readyState], ['HTTP/1.1 101 ', 0])
    ws.terminate()
  }
})

// The properties and events of a socket with unwritten bytes.

table({ 'a full socket reports unwritten bytes and drain': {} }, reportsUnwritten, ALL)
table({ 'a full socket, given back, reports unwritten bytes and drain': { takeBack: true } }, reportsUnwritten)

async function reportsUnwritten (scope, role, transport, { takeBack }) {
  const connection = await open(scope, role, transport)
  const { peer, socket, ws } = connection
  let drains = 0
  socket.on('drain', () => drains++)
  const report = () => [socket.writableLength, socket.writableNeedDrain, socket.bufferSize]
  assert.deepEqual(report(), [0, false, 0])
  let received = 0
  peer.socket.removeAllListeners('data').on('data', ({ length }) => { received += length })
  peer.socket.pause()
  const count = 300
  for (let i = 0; i < count; i++) {
    ws.send(Buffer.alloc(1 << 16))
    if (i % 50 === 49) await scope.settle(1)
  }
  const [length, needsDrain, size] = report()
  assert.ok(length > 4 << 20, `${length} bytes`)
  assert.equal(length, ws.bufferedAmount)
  assert.deepEqual([needsDrain, size], [true, length])
  // The kernel may have accepted all of the first messages.
  drains = 0
  if (takeBack) {
    socket.write('')
    assert.equal(usesReactor(connection.ws), false)
    assert.deepEqual([socket.writableNeedDrain, ws.bufferedAmount], [true, socket.writableLength])
    assert.ok(socket.writableLength > 4 << 20)
  }
  const drained = once(ws, 'drain')
  peer.socket.resume()
  await drained
  await eventually(() => drains > 0, 'drain')
  await eventually(() => received > count << 16, 'all messages')
  await scope.settle()
  assert.deepEqual([...report(), drains, ws.bufferedAmount], [0, false, 0, 1, 0])
}

// With so few bytes Node's stream would not report that it needs a drain. We have already reported it.
test('a socket that is given back emits the drain that we have reported as needed', async (scope) => {
  const connection = await open(scope, 'server', 'native')
  const { peer, socket, ws } = connection
  peer.socket.removeAllListeners('data').pause()
  while (ws.bufferedAmount === 0) {
    ws.send(Buffer.alloc(8000))
    await new Promise(setImmediate)
  }
  assert.ok(socket.writableLength > 0 && socket.writableLength < socket.writableHighWaterMark)
  assert.ok(socket.writableNeedDrain)
  socket.cork()
  socket.uncork()
  assert.equal(usesReactor(connection.ws), false)
  const drained = once(socket, 'drain')
  peer.socket.resume()
  await drained
  assert.equal(socket.writableLength, 0)
}, { skip: UNAVAILABLE })
