'use strict'

// The pages of the dependents in Chromium, connected to their servers.

/* global window, document */

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe } = require('node:test')

const { findBrowser } = require('../page/browser')
const { eventually, listen } = require('../support/peer')
const { test } = require('../support/test')
const { serveProgram } = require('./dev-server')
const { serveLive } = require('./live')
const { PACKAGES, SUBJECT, load } = require('./load')

const { launch, missing } = findBrowser()
/** A busy machine compiles slowly. */
const PATIENCE = 30000

describe(`pages of dependents (${SUBJECT})`, { skip: missing, timeout: 180000 }, () => {
  let browser

  before(async () => { browser = await launch() })
  after(() => browser.close())

  /** Opens a page in a new browser context, and records the URLs of its WebSockets. */
  async function open (scope, url) {
    const context = await browser.newContext()
    scope.defer(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    const sockets = []
    page.on('websocket', (socket) => sockets.push(socket.url()))
    await page.goto(url)
    return { page, sockets }
  }

  function serveFiles (files) {
    return http.createServer((request, response) => {
      const file = files[request.url.slice(1).split('?')[0]]
      if (file === undefined) return response.writeHead(404).end()
      response.setHeader('Content-Type', file.type ?? 'text/html')
      response.end(file.text ?? fs.readFileSync(file.path))
    })
  }
  const script = (name) => ({ type: 'text/javascript', path: path.join(PACKAGES, name) })

  test('sockjs: a page gets answers', async (scope) => {
    const service = load('sockjs').createServer({ prefix: '/service', log () {} })
    service.on('connection', (connection) => connection.on('data', (text) => connection.write(text.toUpperCase())))
    const httpServer = serveFiles({
      'page.html': { text: '<script src="/sockjs.js"></script>' }, 'sockjs.js': script('sockjs-client/dist/sockjs.js')
    })
    service.installHandlers(httpServer)
    const port = await listen(scope, httpServer)
    const { page, sockets } = await open(scope, `http://127.0.0.1:${port}/page.html`)
    const answers = await page.evaluate(() => new Promise((resolve) => {
      const socket = new window.SockJS('/service')
      const received = []
      socket.onopen = () => { for (const text of ['é€😀', 'x'.repeat(100000)]) socket.send(text) }
      socket.onmessage = ({ data }) => {
        if (received.push(data) < 2) return
        socket.onclose = ({ code }) => resolve([...received, socket.transport, code])
        socket.close(3000)
      }
    }))
    assert.deepEqual(answers, ['É€😀', 'X'.repeat(100000), null, 3000])
    assert.equal(sockets.length, 1)
  })

  for (const [way, disabled] of [['WebSocket', []], ['EventSource', ['websocket']]]) {
    test(`faye: pages exchange messages over ${way}`, async (scope) => {
      const faye = load('faye')
      const bayeux = new faye.NodeAdapter({ mount: '/faye' })
      scope.defer(() => bayeux.close())
      const httpServer = serveFiles({ 'page.html': { text: '<script src="/faye/client.js"></script>' } })
      bayeux.attach(httpServer)
      const streams = []
      httpServer.on('request', ({ headers }) => { if (headers.accept === 'text/event-stream') streams.push(headers) })
      const port = await listen(scope, httpServer)
      const pages = [1, 2].map(() => open(scope, `http://127.0.0.1:${port}/page.html`))
      const [ann, bob] = await Promise.all(pages)
      for (const { page } of [ann, bob]) {
        await page.evaluate((features) => {
          window.client = new window.Faye.Client('/faye')
          for (const feature of features) window.client.disable(feature)
          window.received = []
          return window.client.subscribe('/news', (data) => window.received.push(data))
        }, disabled)
      }
      await ann.page.evaluate(() => window.client.publish('/news', { text: 'é€😀' }))
      for (const { page, sockets } of [ann, bob]) {
        await page.waitForFunction(() => window.received.length === 1)
        assert.deepEqual(await page.evaluate(() => window.received), [{ text: 'é€😀' }])
        assert.equal(sockets.length, way === 'WebSocket' ? 1 : 0)
      }
      assert.equal(streams.length, way === 'WebSocket' ? 0 : 2)
      for (const { page } of [ann, bob]) await page.evaluate(() => window.client.disconnect())
    })
  }

  for (const name of ['tiny-lr', 'tiny-lr-1']) {
    test(`${name}: a changed page is reloaded, and a changed style replaced without a reload`, async (scope) => {
      const service = load(name)()
      const livePort = await listen(scope, service.server)
      const html = (text) => `<link rel="stylesheet" href="style.css"><main>${text}</main>
        <script src="http://127.0.0.1:${livePort}/livereload.js?host=127.0.0.1&port=${livePort}"></script>`
      const files = {
        'page.html': { text: html('first') },
        'style.css': { text: 'main { color: red }', type: 'text/css' }
      }
      const port = await listen(scope, serveFiles(files))
      const connected = new Promise((resolve) => service.once('MSG /create', (id, url) => resolve(url)))
      const { page } = await open(scope, `http://127.0.0.1:${port}/page.html`)
      assert.equal(await connected, `http://127.0.0.1:${port}/page.html`)
      await page.evaluate(() => { window.marked = true })
      files['style.css'].text = 'main { color: rgb(0, 128, 0) }'
      service.changed({ body: { files: ['style.css'] } })
      await page.waitForFunction(() => {
        return window.getComputedStyle(document.querySelector('main')).color === 'rgb(0, 128, 0)'
      })
      assert.equal(await page.evaluate(() => window.marked), true)
      files['page.html'].text = html('second')
      service.changed({ body: { files: ['page.html'] } })
      await shows(page, 'second')
      assert.equal(await page.evaluate(() => window.marked), undefined)
    })
  }

  test('live-server: a changed page is reloaded, and a changed style replaced without a reload', async (scope) => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'live-'))
    scope.defer(() => fs.rmSync(root, { recursive: true }))
    const html = (text) => `<head><link rel="stylesheet" href="/style.css"></head><body><main>${text}</main></body>`
    fs.writeFileSync(path.join(root, 'page.html'), html('first'))
    fs.writeFileSync(path.join(root, 'style.css'), 'main { color: red }')
    const { port, write } = await serveLive(scope, SUBJECT, root)
    const { page, sockets } = await open(scope, `http://127.0.0.1:${port}/page.html`)
    await eventually(() => sockets.length === 1, 'its WebSocket')
    await page.evaluate(() => { window.marked = true })
    write('style.css', 'main { color: rgb(0, 128, 0) }')
    await page.waitForFunction(() => {
      return window.getComputedStyle(document.querySelector('main')).color === 'rgb(0, 128, 0)'
    })
    assert.equal(await page.evaluate(() => window.marked), true)
    write('page.html', html('second'))
    await shows(page, 'second')
    assert.equal(await page.evaluate(() => window.marked), undefined)
    await eventually(() => sockets.length === 2, 'its next WebSocket')
  })

  for (const [way, options, stays] of [
    ['reloads', { hot: false }, undefined], ['replaces the module', { hot: true }, true]
  ]) {
    test(`webpack-dev-server: a page ${way} when a file changes`, async (scope) => {
      const { port, server, write } = await serveProgram(scope, options)
      const { page, sockets } = await open(scope, `http://127.0.0.1:${port}/`)
      await shows(page, 'first')
      await eventually(() => server.webSocketServer.clients.length === 1, 'its connection')
      assert.match(sockets[0], /^ws:\/\/127\.0\.0\.1:\d+\/ws\/\d+\/\w+\/websocket$/)
      await page.evaluate(() => { window.marked = true })
      for (const text of ['second', 'third']) {
        write(text)
        await shows(page, text)
        assert.equal(await page.evaluate(() => window.marked), stays)
      }
    }, { timeout: 90000 })
  }
})

function shows (page, text) {
  return page.waitForFunction((expected) => document.querySelector('main')?.textContent === expected, text)
}
