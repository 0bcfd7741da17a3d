'use strict'

// A server that shares its port, its paths and its sessions with Express.

const assert = require('node:assert/strict')
const http = require('node:http')
const express = require('express')

const { eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { ENDS, websocketOf } = require('./load')

for (const ends of ENDS) {
  const title = `Express, server: ${ends.server}, client: ${ends.client}`

  async function start (scope) {
    const websocket = websocketOf(ends.server)
    const app = express()
    const sessions = new Map()
    app.get('/login', (request, response) => {
      const id = String(sessions.size + 1)
      sessions.set(id, { user: request.query.user })
      response.cookie('session', id).json({ id })
    })
    app.get('/count', (request, response) => response.json({ connections: server.connections.length }))

    const httpServer = http.createServer(app)
    const server = new websocket.server({ httpServer })
    const router = new websocket.router({ server })
    router.mount('/chat', 'chat', (request) => {
      const cookie = request.cookies.find(({ name }) => name === 'session')
      const session = sessions.get(cookie?.value)
      if (session === undefined) return request.reject(401, 'log in')
      const connection = request.accept(request.origin, [{ name: 'seen', value: '1', path: '/', httponly: true }])
      connection.on('message', ({ utf8Data }) => server.broadcast(`${session.user}: ${utf8Data}`))
    })
    scope.defer(() => server.shutDown())
    return { server, origin: `127.0.0.1:${await listen(scope, httpServer)}` }
  }

  test(`${title}: pages and connections share a port`, async (scope) => {
    const { server, origin } = await start(scope)
    const names = ['Ann', 'Bob']
    const connections = []
    const received = []
    for (const name of names) {
      const { headers } = await get(`http://${origin}/login?user=${name}`)
      const { connection, response } = await connect(ends, `ws://${origin}/chat`, cookieOf(headers))
      assert.deepEqual(response.headers['set-cookie'], ['seen=1;Path=/;HttpOnly'])
      connection.on('message', ({ utf8Data }) => received.push([name, utf8Data]))
      connections.push(connection)
    }
    assert.deepEqual((await get(`http://${origin}/count`)).body, { connections: 2 })
    connections[0].sendUTF('hello')
    await eventually(() => received.length === 2, 'both messages')
    assert.deepEqual(received.sort(), [['Ann', 'Ann: hello'], ['Bob', 'Ann: hello']])

    const closed = connections.map((connection) => new Promise((resolve) => connection.on('close', resolve)))
    server.shutDown()
    assert.deepEqual(await Promise.all(closed), [1000, 1000])
    assert.equal((await get(`http://${origin}/count`)).status, 200)
  })

  for (const [what, path, protocols, cookie, status] of [
    ['a client without a session', '/chat', ['chat'], undefined, '401 Unauthorized'],
    ['a path without a handler', '/login', ['chat'], undefined, '404 Not Found'],
    ['a protocol without a handler', '/chat', ['other'], undefined, '404 Not Found']
  ]) {
    test(`${title}: ${what} is refused, and Express continues`, async (scope) => {
      const { origin } = await start(scope)
      await assert.rejects(connect(ends, `ws://${origin}${path}`, cookie, protocols), ({ message }) => {
        return message.startsWith(`Server responded with a non-101 status: ${status}\n`)
      })
      assert.deepEqual((await get(`http://${origin}/count`)).body, { connections: 0 })
      assert.equal((await get(`http://${origin}/nowhere`)).status, 404)
    })
  }
}

/** Connects with the client of this end, and resolves with the connection and the response. */
function connect (ends, url, cookie, protocols = ['chat']) {
  const { client: Client } = websocketOf(ends.client)
  const client = new Client()
  return new Promise((resolve, reject) => {
    client.on('connectFailed', reject)
    client.on('connect', (connection) => resolve({ connection, response: client.response }))
    client.connect(url, protocols, null, cookie && { Cookie: cookie })
  })
}

function cookieOf (headers) {
  return headers['set-cookie'][0].split(';')[0]
}

function get (url) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => { text += chunk })
      response.on('end', () => {
        const { statusCode: status, headers } = response
        resolve({ status, headers, body: status === 200 ? JSON.parse(text) : text })
      })
    }).on('error', reject)
  })
}
