'use strict'

// Names and properties of the exports and of a connection.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { inherits } = require('node:util')

const { test } = require('../support/test')
const { openConnection, original, streamPair, subject } = require('../support/websocket')

const CLASSES = ['server', 'client', 'router', 'frame', 'request', 'connection', 'w3cwebsocket']
const EMITTERS = ['server', 'client', 'router', 'request', 'connection']

/** The original parses frames in JavaScript and stores its parser in properties. Our parser is native. */
const PARSER = ['_pingListenerCount', 'bufferList', 'currentFrame', 'frameHeader', 'maskBytes', 'receivedDataHandler']
const PARSER_METHODS = ['processReceivedData']
/** Bound functions of timers and listeners, and the timers. */
const BOUND = ['_closeTimerHandler', '_keepaliveTimerHandler', '_keepaliveTimeoutID', '_gracePeriodTimerHandler',
  'closeTimer']

const both = (look) => [look(original), look(subject)]
const same = (look) => {
  const [expected, actual] = both(look)
  assert.deepEqual(actual, expected)
}

test('the exports have the same names in the same order, followed by runtime and runtimeReason', () => {
  const [expected, actual] = both(({ websocket }) => Object.keys(websocket))
  assert.deepEqual(actual, [...expected, 'runtime', 'runtimeReason'])
})

test('the version is the original\'s', () => same(({ websocket }) => websocket.version))

for (const name of CLASSES) {
  test(`${name}: its class has the same name, length and statics`, () => same(({ websocket }) => {
    const exported = websocket[name]
    const statics = Object.keys(exported).filter((key) => key !== 'super_')
    return [typeof exported, exported.name, exported.length, statics, statics.map((key) => exported[key])]
  }))

  test(`${name}: its methods have the same names and lengths`, () => {
    const [expected, actual] = both(({ websocket }) => websocket[name].prototype)
    for (const key of Object.keys(expected)) {
      const { value, get } = Object.getOwnPropertyDescriptor(expected, key)
      const ours = Object.getOwnPropertyDescriptor(actual, key)
      if (PARSER_METHODS.includes(key)) {
        assert.equal(ours, undefined, key)
        continue
      }
      assert.ok(ours, `${key} is missing`)
      assert.ok(ours.enumerable && ours.configurable, key)
      assert.equal(typeof ours.get, typeof get, key)
      if (typeof value === 'function') assert.equal(ours.value.length, value.length, `the length of ${key}`)
      else assert.deepEqual(ours.value, value, key)
    }
    assert.deepEqual(Object.keys(actual).filter((key) => !(key in expected)), [], 'only in ours')
  })
}

for (const name of EMITTERS) {
  test(`${name}: instances are event emitters`, () => same(({ websocket }) => [
    websocket[name].prototype instanceof EventEmitter,
    Object.getPrototypeOf(websocket[name].prototype) === EventEmitter.prototype
  ]))

  // The original's client accepts any object as `this`.
  if (name === 'client') continue
  test(`${name}: requires new`, () => {
    for (const { websocket } of [original, subject]) assert.throws(() => websocket[name]())
  })
}

async function fresh (scope, library, config) {
  return openConnection(scope, { Connection: library.Connection, pair: streamPair, protocol: 'chat', config })
}

test('a new connection has the same properties with the same values', async (scope) => {
  const shown = []
  for (const library of [original, subject]) {
    const { connection, socket } = await fresh(scope, library, { keepalive: false })
    assert.equal(connection.socket, socket)
    const { _events, _eventsCount, _maxListeners, _debug, config, socket: own, domain, ...rest } = connection
    for (const name of [...PARSER, ...BOUND]) delete rest[name]
    shown.push(rest)
  }
  assert.deepEqual(shown[1], shown[0])
  assert.deepEqual(Object.keys(shown[1]).sort(), Object.keys(shown[0]).sort())
})

test('config of a connection is the object that the constructor gets', async (scope) => {
  for (const { Connection } of [original, subject]) {
    const { socket } = await streamPair(scope, 'server')
    const config = { assembleFragments: true, closeTimeout: 7, maxReceivedMessageSize: 8, maxReceivedFrameSize: 9 }
    const connection = new Connection(socket, [], undefined, false, config)
    assert.equal(connection.config, config)
    assert.equal(connection.closeTimeout, 7)
    assert.equal(connection.maxReceivedMessageSize, 8)
    assert.equal(connection.protocol, undefined)
    connection.drop()
  }
})

test('_debug can be called, and prints nothing unless DEBUG names it', async (scope) => {
  for (const library of [original, subject]) {
    const { connection } = await fresh(scope, library)
    connection._debug('a %s', 'text')
    connection._debug.printOutput()
    assert.ok(!connection._debug.enabled)
  }
})

test('the constructor removes error listeners from the socket', async (scope) => {
  for (const library of [original, subject]) {
    const { socket } = await streamPair(scope, 'server')
    socket.on('error', () => assert.fail('called'))
    const connection = new library.Connection(socket, [], null, false, { closeTimeout: 1 })
    assert.equal(socket.listenerCount('error'), 0)
    connection._addSocketEventListeners()
    connection.drop()
  }
})

test('a class that inherits with util.inherits works', async (scope) => {
  for (const library of [original, subject]) {
    const Sub = function (...given) {
      library.Connection.apply(this, given)
      this.own = true
    }
    inherits(Sub, library.Connection)
    Sub.prototype.sendTwice = function (text) {
      this.sendUTF(text)
      this.sendUTF(text)
    }
    const { connection, peer } = await openConnection(scope, { Connection: Sub })
    assert.ok(connection.own && connection instanceof library.Connection && connection instanceof EventEmitter)
    connection.sendTwice('x')
    assert.deepEqual((await peer.frames(2)).map(({ payload }) => String(payload)), ['x', 'x'])
  }
})

test('a class that extends the connection works', async (scope) => {
  for (const library of [original, subject]) {
    class Sub extends library.Connection {
      sendUTF (text, callback) {
        super.sendUTF(`${text}!`, callback)
      }
    }
    const { connection, peer } = await openConnection(scope, { Connection: Sub })
    connection.send('x')
    assert.equal(String((await peer.frame()).payload), 'x!')
  }
})

test('methods call replaced methods of the prototype', async (scope) => {
  for (const library of [original, subject]) {
    const { prototype } = library.Connection
    const calls = []
    for (const name of ['sendUTF', 'sendBytes', 'fragmentAndSend', 'sendFrame', 'sendCloseFrame', 'pong', 'drop']) {
      const method = prototype[name]
      prototype[name] = function (...given) {
        calls.push(name)
        return method.apply(this, given)
      }
      scope.defer(() => { prototype[name] = method })
    }
    const { connection, peer, frame } = await openConnection(scope, { Connection: library.Connection })
    connection.send('text')
    connection.send(Buffer.from('bytes'))
    connection.on('ping', () => {})
    peer.write(frame('ping', 'p'))
    await peer.frames(3)
    peer.write(frame(3, ''))
    await new Promise((resolve) => connection.once('close', resolve))
    assert.ok(calls.includes('sendUTF') && calls.includes('sendBytes'), String(calls))
    assert.ok(calls.includes('pong') && calls.includes('drop'), String(calls))
    await scope.close()
  }
})
