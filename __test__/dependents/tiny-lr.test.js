'use strict'

// tiny-lr, the LiveReload server of Gulp's and Grunt's watchers: the current version, and the version before it, which
// requires an older faye-websocket.

const assert = require('node:assert/strict')
const https = require('node:https')
const express = require('express')

const { certificate } = require('../support/certs')
const { eventually, listen, once } = require('../support/peer')
const { test } = require('../support/test')
const { fromClient } = require('../support/wire')
const { ENDS, load } = require('./load')
const { fetchFrom, openAt } = require('./requests')

const HELLO = { command: 'hello', protocols: ['http://livereload.com/protocols/official-7'] }
const URL_OF_PAGE = 'http://127.0.0.1/page.html'

for (const [name, { client, server }] of ['tiny-lr', 'tiny-lr-1'].flatMap((each) => ENDS.map((ends) => [each, ends]))) {
  const title = `${name}, client: ${client}, server: ${server}`

  async function start (scope, options) {
    const tinylr = load(name, server)
    const service = tinylr({ ...options })
    const events = []
    for (const event of ['MSG /create', 'MSG /destroy']) service.on(event, (id, url) => events.push([event, url]))
    const port = await listen(scope, service.server)
    return { service, events, port, dial: (...args) => dial(scope, load('faye-websocket', client), port, ...args) }
  }

  test(`${title}: pages get the names of changed files`, async (scope) => {
    const { service, events, port, dial } = await start(scope)
    const pages = [await dial(), await dial()]
    await eventually(() => events.length === 2, 'both pages')
    assert.deepEqual(events, [['MSG /create', URL_OF_PAGE], ['MSG /create', URL_OF_PAGE]])

    const body = JSON.stringify({ files: ['a.css', 'index.html'] })
    const headers = { 'Content-Type': 'application/json' }
    const { status, text } = await fetchFrom(port, '/changed', { method: 'POST', headers, body })
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text).clients.map(({ url }) => url), [URL_OF_PAGE, URL_OF_PAGE])
    await fetchFrom(port, '/changed?files=b.png')
    service.changed({ body: { files: ['c.js'] } })
    for (const { commands } of pages) {
      await eventually(() => commands.length === 5, 'the commands')
      const [{ command, protocols, serverName }, ...reloads] = commands
      assert.deepEqual([command, protocols, serverName], ['hello', HELLO.protocols, 'tiny-lr'])
      assert.deepEqual(reloads, ['a.css', 'index.html', 'b.png', 'c.js'].map((path) => (
        { command: 'reload', path, liveCSS: true, reloadMissingCSS: true, liveImg: true })))
    }
  })

  test(`${title}: pages that disconnect are removed`, async (scope) => {
    const { service, events, port, dial } = await start(scope)
    const [closed, cut] = [await dial(), await dial()]
    await eventually(() => events.length === 2, 'both pages')
    closed.ws.close()
    cut.ws._stream.destroy()
    await eventually(() => events.length === 4, 'both ends')
    assert.deepEqual(Object.keys(service.clients), [])
    assert.deepEqual(JSON.parse((await fetchFrom(port, '/changed?files=a')).text).clients, [])
  })

  test(`${title}: the end of the server closes the connections of pages`, async (scope) => {
    const { service, port, dial } = await start(scope)
    const pages = [await dial(), await dial()]
    const closed = pages.map(({ ws }) => once(ws, 'close'))
    await fetchFrom(port, '/kill')
    assert.deepEqual((await Promise.all(closed)).map(({ code }) => code), [1000, 1000])
    assert.equal(service.server.listening, false)
  })
}

const title = 'tiny-lr'

test(`${title}: tiny-lr and Express share a server`, async (scope) => {
  const tinylr = load('tiny-lr')
  const app = express()
  app.use(tinylr.middleware({ app }))
  app.get('/page', (request, response) => response.send('page'))
  const httpServer = app.listen(0, '127.0.0.1')
  scope.defer(() => new Promise((resolve) => httpServer.close(resolve)))
  await once(httpServer, 'listening')
  const { port } = httpServer.address()
  const { ws, commands } = await dial(scope, load('faye-websocket'), port)
  assert.equal((await fetchFrom(port, '/page')).text, 'page')
  await fetchFrom(port, '/changed?files=a.css')
  await eventually(() => commands.length === 2, 'the command')
  assert.equal(commands[1].path, 'a.css')
  ws.close()
  await once(ws, 'close')
})

test(`${title}: an HTTPS server accepts connections over TLS`, async (scope) => {
  const secure = certificate('localhost', { names: ['localhost'] })
  const service = load('tiny-lr')(secure)
  assert.ok(service.server instanceof https.Server)
  const port = await listen(scope, service.server)
  const { Client } = load('faye-websocket')
  const ws = new Client(`wss://localhost:${port}/livereload`, [], { tls: { ca: secure.cert } })
  ws.on('open', () => ws.send(JSON.stringify(HELLO)))
  assert.equal(JSON.parse((await once(ws, 'message')).data).serverName, 'tiny-lr')
  ws.close()
  await once(ws, 'close')
})

test(`${title}: messages that are not commands are ignored`, async (scope) => {
  const service = load('tiny-lr')()
  const port = await listen(scope, service.server)
  const peer = await openAt(scope, port, '/livereload')
  for (const text of ['no JSON', '{}', '{"command":"unknown"}']) peer.write(fromClient('text', text))
  peer.write(fromClient('binary', JSON.stringify(HELLO)))
  assert.equal(JSON.parse(String((await peer.frame()).payload)).serverName, 'tiny-lr')
})

/** Connects a page that has sent hello, and records the commands that it gets. */
async function dial (scope, { Client }, port) {
  const ws = new Client(`ws://127.0.0.1:${port}/livereload`)
  const commands = []
  ws.on('message', ({ data }) => commands.push(JSON.parse(data)))
  ws.on('open', () => ws.send(JSON.stringify(HELLO)))
  await eventually(() => commands.length === 1, 'hello')
  ws.send(JSON.stringify({ command: 'info', plugins: {}, url: URL_OF_PAGE }))
  scope.defer(() => ws.close())
  return { ws, commands }
}
