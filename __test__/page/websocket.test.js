'use strict'

// The page of examples/websocket-page in Chromium: w3cwebsocket, bundled by esbuild.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const esbuild = require('esbuild')
const { createServer } = require('../../examples/websocket-page/server.js')
const { findBrowser } = require('./browser.js')

const ROOT = path.resolve(__dirname, '../..')
const PATIENCE = 15000

const { launch, missing } = findBrowser()

test('a bundle for browsers uses the browser\'s WebSocket, without the addon and modules of Node', async () => {
  const { metafile } = await esbuild.build({
    entryPoints: [path.join(ROOT, 'examples/websocket-page/page.js')],
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'browser',
    metafile: true,
    write: false
  })
  assert.deepEqual(Object.keys(metafile.inputs).sort(), [
    'examples/websocket-page/page.js', 'lib/websocket/browser.js', 'lib/websocket/version.js'
  ])
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports)
  assert.deepEqual(imported.filter(({ external }) => external), [])
})

test('the server of the page serves only the page and its bundle', async (t) => {
  const port = await serve(t)
  const [status, text] = await get(port, '/bundle.js')
  assert.equal(status, 200)
  assert.match(text, /globalThis/)
  assert.doesNotMatch(text, /\.node\b|binding|native\.js|node:/)
  assert.deepEqual([(await get(port, '/'))[0], (await get(port, '/page.js'))[0]], [200, 404])
})

describe('the bundled page', { skip: missing, timeout: 180000 }, () => {
  let browser

  before(async () => { browser = await launch() })
  after(() => browser.close())

  test('opens with its subprotocol, sends typed messages and shows the echoes', async (t) => {
    const port = await serve(t)
    const page = await browser.newPage()
    t.after(() => page.close())
    page.setDefaultTimeout(PATIENCE)
    const problems = []
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(`http://127.0.0.1:${port}/`)

    await page.click('button:enabled')
    await page.locator('li', { hasText: 'message' }).waitFor()
    await page.fill('input', 'naïve 👋')
    await page.press('input', 'Enter')
    await page.locator('li', { hasText: '👋' }).waitFor()
    assert.deepEqual(await page.locator('li').allTextContents(), [
      'open, subprotocol echo', 'message Hello, world!', 'message naïve 👋'
    ])
    assert.deepEqual(problems, [])
  })
})

async function serve (t) {
  const server = await createServer()
  const sockets = []
  server.on('connection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    sockets.forEach((socket) => socket.destroy())
    server.close()
  })
  return server.address().port
}

/** Returns the status and the text of a response. */
async function get (port, target) {
  const [response] = await once(http.get({ host: '127.0.0.1', port, path: target, agent: false }), 'response')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return [response.statusCode, text]
}
