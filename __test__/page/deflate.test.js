'use strict'

// permessage-deflate between Chromium and our server.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const { after, before, describe, test } = require('node:test')

const deflate = require('../../lib/permessage-deflate')
const WebSocket = require('../../index.js')
const { findBrowser } = require('./browser.js')

const SIZES = [0, 5, 1024, 300 * 1024, 5]
const TOTAL = 2 * SIZES.reduce((sum, size) => sum + size)

// The options of a server, and its response to Chromium's offer. The response contains `server_max_window_bits` only if
// the client has offered it, and Chromium does not.
const CASES = [
  ['with default options', {}, 'permessage-deflate'],
  ['without context takeover', { noContextTakeover: true, requestNoContextTakeover: true },
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
  ['with small windows', { maxWindowBits: 9, requestMaxWindowBits: 9 }, 'permessage-deflate; client_max_window_bits=9']
]

const { launch, missing } = findBrowser()

describe('Chromium', { skip: missing, timeout: 180000 }, () => {
  let browser

  before(async () => { browser = await launch() })
  after(() => browser.close())

  for (const [name, options, answer] of CASES) {
    test(`exchanges compressed messages of all sizes with our server ${name}`, async (t) => {
      const { port, accepted } = await serve(t, [deflate.configure(options)])
      const page = await browser.newPage()
      t.after(() => page.close())
      const answers = await watchAnswers(page)
      await page.goto(`http://127.0.0.1:${port}/`)

      const { extensions, echoes, code } = await page.evaluate(exchange, { url: `ws://127.0.0.1:${port}/`, sizes: SIZES })

      assert.equal(extensions, answer)
      assert.deepEqual(answers, [answer])
      assert.deepEqual(echoes, SIZES.flatMap((size) => [`text ${size} same`, `binary ${size} same`]))
      assert.equal(code, 3000)
      const [{ offer, messages, bytesRead, bytesWritten }] = accepted
      assert.equal(offer, 'permessage-deflate; client_max_window_bits')
      assert.deepEqual(messages, SIZES.flatMap((size) => [`string ${size}`, `object ${size}`]))
      for (const bytes of [bytesRead, bytesWritten]) assert.ok(bytes < TOTAL / 2, `${bytes} of ${TOTAL} bytes`)
    })
  }
})

/** Serves an empty page and an echo. */
async function serve (t, extensions) {
  const server = http.createServer((request, response) => response.end('<!doctype html>'))
  const accepted = []
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body, null, { extensions })
    const seen = { offer: request.headers['sec-websocket-extensions'], messages: [] }
    accepted.push(seen)
    ws.on('message', ({ data }) => {
      seen.messages.push(`${typeof data} ${data.length}`)
      ws.send(data)
    })
    ws.on('close', () => Object.assign(seen, { bytesRead: socket.bytesRead, bytesWritten: socket.bytesWritten }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections?.()
    return new Promise((resolve) => server.close(resolve))
  })
  return { port: server.address().port, accepted }
}

/** Records the extension headers in the responses to the page's handshakes. */
async function watchAnswers (page) {
  const answers = []
  const session = await page.context().newCDPSession(page)
  session.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
    const headers = Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value])
    answers.push(Object.fromEntries(headers)['sec-websocket-extensions'])
  })
  await session.send('Network.enable')
  return answers
}

// Runs in the page.
/* global window */

function exchange ({ url, sizes }) {
  return new Promise((resolve, reject) => {
    const ws = new window.WebSocket(url)
    ws.binaryType = 'arraybuffer'
    const letter = (_, index) => String.fromCharCode(97 + index * index % 23)
    const make = (size) => Array.from({ length: size }, letter).join('')
    const sent = sizes.flatMap((size) => [make(size), new TextEncoder().encode(make(size))])
    const echoes = []
    ws.onopen = () => sent.forEach((message) => ws.send(message))
    ws.onmessage = ({ data }) => {
      const message = sent[echoes.length]
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
      const isSame = typeof data === typeof message && text === make(message.length)
      echoes.push([typeof data === 'string' ? 'text' : 'binary', text.length, isSame ? 'same' : 'other'].join(' '))
      if (echoes.length === sent.length) ws.close(3000)
    }
    ws.onerror = () => reject(new Error('failed after ' + echoes))
    ws.onclose = ({ code }) => resolve({ extensions: ws.extensions, echoes, code })
  })
}
