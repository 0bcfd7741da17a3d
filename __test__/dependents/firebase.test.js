'use strict'

// @firebase/database, the client of Firebase's Realtime Database, which uses one connection for everything.

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')
const net = require('node:net')

const { certificate } = require('../support/certs')
const { eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { ENDS, SUBJECT, loadAll } = require('./load')
const { serveDatabase } = require('./realtime-database')

const PROXIES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']
// It uses the proxy of the environment, which the tests must not use.
for (const name of PROXIES) delete process.env[name]

let apps = 0

/** Returns the functions of Firebase and a database. */
function open (scope, [app, database], origin, options) {
  const instance = app.initializeApp({ databaseURL: `${origin}?ns=test`, ...options }, `app ${apps++}`)
  scope.defer(() => app.deleteApp(instance))
  const db = database.getDatabase(instance)
  return { ...database, db, at: (path) => database.ref(db, path) }
}

const packagesOn = (behind) => loadAll(['@firebase/app', '@firebase/database'], behind)

for (const ends of ENDS) {
  const title = `@firebase/database, client: ${ends.client}, server: ${ends.server}`

  async function start (scope, options) {
    const server = await serveDatabase(scope, { behind: ends.server, ...options })
    const connect = () => open(scope, packagesOn(ends.client), `http://127.0.0.1:${server.port}`)
    return { server, connect, ...connect() }
  }

  test(`${title}: written values can be read`, async (scope) => {
    const { server, at, get, set, update, remove, push, increment, serverTimestamp } = await start(scope)
    await set(at('users/ann'), { name: 'Ann', age: 30, text: 'é€😀' })
    await update(at('users/ann'), { age: increment(1), seen: serverTimestamp() })
    const ann = (await get(at('users/ann'))).val()
    assert.deepEqual({ ...ann, seen: typeof ann.seen }, { name: 'Ann', age: 31, text: 'é€😀', seen: 'number' })
    const { key } = await push(at('users'), { name: 'Bob' })
    assert.deepEqual(Object.keys((await get(at('users'))).val()).sort(), [key, 'ann'].sort())
    await remove(at('users'))
    assert.equal((await get(at('users'))).exists(), false)

    const [{ url, headers }, ...others] = server.requests
    assert.match(url, /^\/\.ws\?v=5&.*ns=test/)
    assert.match(headers['user-agent'], /^Firebase\/5\/.*\/Node$/)
    assert.deepEqual(others, [])
  })

  test(`${title}: listeners get the writes of other clients`, async (scope) => {
    const { server, connect, at, onValue, onChildAdded } = await start(scope)
    const other = connect()
    const values = []
    const children = []
    const stop = onValue(at('room'), (snapshot) => values.push(snapshot.val()))
    onChildAdded(at('room/messages'), ({ key }) => children.push(key))
    await eventually(() => values.length === 1, 'the first value')
    await other.set(other.at('room/messages/a'), 1)
    await other.set(other.at('room/messages/b'), 2)
    await eventually(() => children.length === 2, 'both children')
    assert.deepEqual(values, [null, { messages: { a: 1 } }, { messages: { a: 1, b: 2 } }])
    stop()
    await other.set(other.at('room/name'), 'no more')
    await eventually(() => server.actions.some(([action, { p }]) => action === 'n' && p === '/room'), 'the end')
    assert.deepEqual([children, values.length], [['a', 'b'], 3])
  })

  test(`${title}: long values are sent in segments in both directions`, async (scope) => {
    const { server, connect, at, get, set } = await start(scope)
    const text = 'segment é '.repeat(100000)
    await set(at('long'), text)
    assert.equal(server.read('/long'), text)
    assert.equal((await get(at('long'))).val(), text)
    const other = connect()
    const values = []
    other.onValue(other.at('long'), (snapshot) => values.push(snapshot.val()))
    await eventually(() => values.length === 1, 'the value')
    assert.equal(values[0], text)
  })

  test(`${title}: many writes are answered in order`, async (scope) => {
    const { server, at, set } = await start(scope)
    const answered = []
    await Promise.all(Array.from({ length: 500 }, (_, index) => {
      return set(at(`list/${index}`), index).then(() => answered.push(index))
    }))
    assert.deepEqual(answered, Array.from(answered.keys()))
    assert.equal(Object.keys(server.read('/list')).length, 500)
  })

  test(`${title}: a stale transaction is repeated`, async (scope) => {
    const { server, at, runTransaction } = await start(scope, { data: { count: 1 } })
    server.stale = 1
    const { committed, snapshot } = await runTransaction(at('count'), (count) => (count ?? 0) + 1)
    assert.deepEqual([committed, snapshot.val(), server.data], [true, 2, { count: 2 }])
  })

  test(`${title}: reads and writes without permission are refused`, async (scope) => {
    const { at, get, set, onValue } = await start(scope, { isSecret: (path) => path.startsWith('/secret') })
    const { warn } = console
    console.warn = () => {}
    scope.defer(() => { console.warn = warn })
    await assert.rejects(set(at('secret'), 1), { code: 'PERMISSION_DENIED' })
    await assert.rejects(get(at('secret')), /Permission denied/i)
    const error = await new Promise((resolve) => onValue(at('secret/x'), () => {}, resolve))
    assert.match(error.message, /permission_denied/)
    await set(at('public'), 1)
    assert.equal((await get(at('public'))).val(), 1)
  })

  test(`${title}: the server performs the onDisconnect writes of a client`, async (scope) => {
    const { server, connect, db, at, set, onDisconnect, goOffline } = await start(scope)
    await onDisconnect(at('online/ann')).remove()
    await onDisconnect(at('seen')).update({ ann: 'gone', bob: 'too' })
    await onDisconnect(at('seen/bob')).cancel()
    await set(at('online/ann'), true)
    const other = connect()
    const values = []
    other.onValue(other.at('online'), (snapshot) => values.push(snapshot.val()))
    await eventually(() => values.length === 1, 'the value')
    goOffline(db)
    await eventually(() => values.length === 2, 'the end')
    assert.deepEqual([values, server.read('/seen')], [[{ ann: true }, null], { ann: 'gone' }])
  })

  test(`${title}: writes wait while offline, and listeners continue afterwards`, async (scope) => {
    const { server, db, at, set, get, onValue, goOffline, goOnline } = await start(scope)
    const connected = []
    const values = []
    onValue(at('.info/connected'), (snapshot) => connected.push(snapshot.val()))
    onValue(at('value'), (snapshot) => values.push(snapshot.val()))
    await set(at('value'), 1)
    goOffline(db)
    await eventually(() => server.clients.size === 0, 'the end')
    const waiting = set(at('value'), 2)
    server.data.other = 'written while offline'
    goOnline(db)
    await waiting
    assert.equal((await get(at('other'))).val(), 'written while offline')
    assert.deepEqual([server.read('/value'), values.at(-1)], [2, 2])
    assert.deepEqual(connected, [false, true, false, true])
    assert.equal(server.requests.length, 2)
  })

  for (const [how, cut] of [
    ['closes the connection', (ws) => ws.close(4000, 'away')],
    ['destroys the socket', (ws) => ws._stream.destroy()]
  ]) {
    test(`${title}: a client reconnects after the server ${how}`, async (scope) => {
      // The client waits for a random part of a second.
      const { random } = Math
      Math.random = () => random() / 20
      scope.defer(() => { Math.random = random })
      const { server, at, set, onValue } = await start(scope)
      const values = []
      onValue(at('value'), (snapshot) => values.push(snapshot.val()))
      await set(at('value'), 1)
      for (const { ws } of server.clients) cut(ws)
      await eventually(() => server.requests.length === 2, 'another connection')
      await set(at('value'), 2)
      assert.deepEqual([server.read('/value'), values.at(-1), server.requests.length], [2, 2, 2])
      assert.ok(server.actions.filter(([action, { p }]) => action === 'q' && p === '/value').length === 2)
    })
  }
}

const title = `@firebase/database (${SUBJECT})`

test(`${title}: its ES modules work`, async (scope) => {
  const server = await serveDatabase(scope, { behind: SUBJECT })
  const packages = [await import('@firebase/app'), await import('@firebase/database')]
  const { at, get, set } = open(scope, packages, `http://127.0.0.1:${server.port}`)
  await set(at('value'), [1, 2])
  assert.deepEqual((await get(at('value'))).val(), [1, 2])
})

test(`${title}: the emulator accepts the token of its owner`, async (scope) => {
  const server = await serveDatabase(scope, { behind: SUBJECT })
  const { db, at, get, set, connectDatabaseEmulator } = open(scope, packagesOn(), 'https://test.firebaseio.com')
  connectDatabaseEmulator(db, '127.0.0.1', server.port, { mockUserToken: 'owner' })
  await set(at('value'), 1)
  assert.equal((await get(at('value'))).val(), 1)
  assert.equal(server.requests[0].headers.authorization, 'Bearer owner')
})

test(`${title}: a client connects through the proxy of the environment`, async (scope) => {
  const server = await serveDatabase(scope, { behind: SUBJECT })
  const asked = []
  const proxy = http.createServer()
  proxy.on('connect', (request, socket, head) => {
    asked.push(request.url)
    const onward = net.connect(server.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.write(head)
      socket.pipe(onward).pipe(socket)
    })
    for (const [one, other] of [[socket, onward], [onward, socket]]) one.on('error', () => other.destroy())
  })
  process.env.HTTP_PROXY = `http://127.0.0.1:${await listen(scope, proxy)}`
  scope.defer(() => { delete process.env.HTTP_PROXY })
  const { at, get, set } = open(scope, packagesOn(), `http://127.0.0.1:${server.port}`)
  await set(at('value'), 1)
  assert.equal((await get(at('value'))).val(), 1)
  assert.deepEqual(asked, [`127.0.0.1:${server.port}`])
})

test(`${title}: a client connects over TLS with NODE_TLS_REJECT_UNAUTHORIZED=0`, async (scope) => {
  const secure = certificate('localhost', { names: ['localhost'] })
  const server = await serveDatabase(scope, { behind: SUBJECT, httpServer: https.createServer(secure) })
  // It has no options for TLS, and Node reads NODE_EXTRA_CA_CERTS only when a process starts.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  scope.defer(() => { delete process.env.NODE_TLS_REJECT_UNAUTHORIZED })
  const { at, get, set } = open(scope, packagesOn(), `https://localhost:${server.port}`)
  await set(at('value'), 1)
  assert.equal((await get(at('value'))).val(), 1)
})
