'use strict'

// ddp, with which programs connect to Meteor.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const http = require('node:http')

const { eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { serveDdp } = require('./ddp-server')
const { ENDS, load } = require('./load')

const sha256 = (text) => createHash('sha256').update(text).digest('hex')
const METHODS = {
  login: ({ user, password }) => {
    if (password.digest !== sha256('secret')) throw new Error('Incorrect password')
    return { id: user.username, token: 'token', tokenExpires: { $date: 1700000000000 } }
  },
  echo: (...params) => params,
  long: (length) => 'x'.repeat(length)
}

for (const ends of ENDS) {
  const title = `ddp, client: ${ends.client}, server: ${ends.server}`

  const serve = (scope, options) => serveDdp(scope, { behind: ends.server, methods: METHODS, ...options })

  /** Connects a client. */
  async function dial (scope, port, options) {
    const DDPClient = load('ddp', ends.client)
    const client = new DDPClient({ host: '127.0.0.1', port, autoReconnectTimer: 20, ...options })
    scope.defer(() => client.close())
    const connected = []
    await new Promise((resolve, reject) => client.connect((error, again) => {
      connected.push(again)
      if (error) reject(error)
      else resolve()
    }))
    return { client, connected }
  }

  for (const [way, options] of [['a WebSocket', {}], ['a WebSocket of sockjs', { useSockJs: true }]]) {
    test(`${title}: a client logs in and calls methods over ${way}`, async (scope) => {
      const { port, sessions } = await serve(scope)
      const { client } = await dial(scope, port, options)
      assert.equal(typeof client.session, 'string')
      const log = (password) => call(client, 'login', [{
        user: { username: 'Ann' }, password: { digest: sha256(password), algorithm: 'sha-256' }
      }])
      await assert.rejects(log('wrong'), { message: '404 Incorrect password' })
      const { token, tokenExpires } = await log('secret')
      assert.deepEqual([token, tokenExpires], ['token', new Date(1700000000000)])

      const results = await Promise.all(['é€😀', 1, null].map((each) => call(client, 'echo', [each])))
      assert.deepEqual(results, [['é€😀'], [1], [null]])
      assert.equal((await call(client, 'long', [1000000])).length, 1000000)
      const [echo] = await call(client, 'echo', ['y'.repeat(300000)])
      assert.equal(echo.length, 300000)
      assert.equal(sessions.size, 1)
    })
  }

  test(`${title}: collections of a client follow the server's changes`, async (scope) => {
    const { port, change } = await serve(scope, { collections: { posts: { a: { title: 'first' } } } })
    const { client } = await dial(scope, port)
    const seen = []
    const observer = client.observe('posts')
    observer.added = (id) => seen.push(['added', id])
    observer.changed = (id, old, cleared, fields) => seen.push(['changed', id, old, fields])
    observer.removed = (id, old) => seen.push(['removed', id, old.title])
    const id = await subscribe(client, 'posts')
    assert.deepEqual(client.collections.posts, { a: { _id: 'a', title: 'first' } })
    change('posts', 'a', { title: 'second' })
    change('posts', 'b', { title: 'other' })
    change('posts', 'a', null)
    await eventually(() => seen.length === 4, 'the changes')
    assert.deepEqual(seen, [
      ['added', 'a'], ['changed', 'a', { title: 'first' }, { title: 'second' }], ['added', 'b'],
      ['removed', 'a', 'second']
    ])
    client.unsubscribe(id)
    await call(client, 'echo', [])
    change('posts', 'b', null)
    await call(client, 'echo', [])
    assert.equal(seen.length, 4)
    await assert.rejects(subscribe(client, 'nothing'), { message: '404 no such name' })
  })

  test(`${title}: a client answers the server's pings`, async (scope) => {
    const { port, sessions, messages } = await serve(scope)
    await dial(scope, port)
    for (const session of sessions) session.send({ msg: 'ping', id: '7' })
    await eventually(() => messages.some(({ msg, id }) => msg === 'pong' && id === '7'), 'the pong')
  })

  test(`${title}: a client reconnects after its connection has ended, and pending calls fail`, async (scope) => {
    const ways = [
      (connection) => connection.close(4000, 'away'),
      (connection) => connection._session.recv.connection.destroy()
    ]
    const hangUp = (way) => { for (const { connection } of sessions) ways[way](connection) }
    const { port, sessions } = await serve(scope, { methods: { ...METHODS, hang_up: hangUp } })
    const { client, connected } = await dial(scope, port)
    const closes = []
    client.on('socket-close', (code, reason) => closes.push([code, reason]))
    for (const way of ways.keys()) {
      await assert.rejects(call(client, 'hang_up', [way]), /Disconnected from DDP server/)
      await eventually(() => connected.length > way + 1, 'another connection')
      assert.deepEqual(await call(client, 'echo', [way]), [way])
    }
    client.close()
    await eventually(() => closes.length === 3, 'the close')
    assert.deepEqual(closes, [[4000, 'away'], [1006, ''], [1000, '']])
    assert.deepEqual(connected, [false, true, true])
  })

  test(`${title}: a client reports a missing server, and one without WebSocket`, async (scope) => {
    const port = await listen(scope, http.createServer((request, response) => response.writeHead(500).end()))
    const options = { autoReconnect: false }
    await assert.rejects(failure(scope, port, options), /Unexpected response code: (500|200)/)
    await assert.rejects(failure(scope, 9, options), /ECONNREFUSED/)
  })

  test(`${title}: client and server negotiate the version`, async (scope) => {
    const { port, messages } = await serve(scope)
    const { client } = await dial(scope, port, { ddpVersion: 'pre2' })
    assert.equal(client.ddpVersion, '1')
    assert.deepEqual(messages.slice(0, 2).map(({ version }) => version), ['pre2', '1'])
  })

  async function failure (scope, port, options) {
    await dial(scope, port, options).catch((message) => { throw new Error(message) })
  }
}

function call (client, method, params) {
  return new Promise((resolve, reject) => {
    client.call(method, params, (error, result) => error ? reject(toError(error)) : resolve(result))
  })
}

/** Resolves with the id of the subscription when it is ready. */
function subscribe (client, name) {
  return new Promise((resolve, reject) => {
    const id = client.subscribe(name, [], (error) => error ? reject(toError(error)) : resolve(id))
  })
}

function toError (error) {
  return error instanceof Error ? error : new Error(`${error.error} ${error.reason}`)
}
