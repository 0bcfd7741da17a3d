'use strict'

// The chat of docs/serve.md, with clients of this package and of ws.

const assert = require('node:assert/strict')
const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const Ws = require('ws')

const { codeBlocks, fileBlock } = require('../package/pages')
const { findBrowser } = require('../page/browser')
const { connect } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { upgradeRequest } = require('../support/wire')
const { projectFolder, refusedHalfOpen, startProgram } = require('./program')

const folder = projectFolder()
const ORIGIN = 'http://127.0.0.1:8000'
const { launch, missing } = findBrowser()
const withoutSignals = process.platform === 'win32' && 'Windows has no such signals'

/** Starts the chat. Resolves with its output, its port, and `join`, which connects a client that records its texts. */
async function startChat (scope, text) {
  const program = startProgram(scope, folder, 'chat.js', { printedPort: 8000, text })
  const port = await program.listening()
  const url = `ws://127.0.0.1:${port}/chat`
  return { ...program, port, join: (options) => join(scope, url, options) }
}

async function join (scope, url, { origin = ORIGIN, independent = false } = {}) {
  const headers = origin === null ? {} : { Origin: origin }
  const ws = independent ? new Ws(url, { headers }) : new WebSocket.Client(url, [], { headers })
  scope.defer(() => ws.terminate())
  const texts = []
  ws.on('message', (message) => texts.push(String(independent ? message : message.data)))
  const client = {
    ws,
    texts,
    received: (text) => until(() => texts.includes(text)),
    closed: new Promise((resolve) => ws.on('close', (event, reason) => {
      resolve(independent ? [event, String(reason)] : [event.code, event.reason])
    }))
  }
  await new Promise((resolve, reject) => {
    ws.on('open', resolve)
    ws.on('error', (error) => reject(new Error(error.message)))
  })
  return client
}

async function until (holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('chat.js sends each message to all clients', async (scope) => {
  const chat = await startChat(scope)
  const ours = await chat.join()
  await ours.received('You are guest 1')
  const other = await chat.join({ independent: true })
  await other.received('You are guest 2')

  ours.ws.send('Hello')
  await Promise.all([ours.received('guest 1: Hello'), other.received('guest 1: Hello')])
  other.ws.send('Hello yourself')
  await Promise.all([ours.received('guest 2: Hello yourself'), other.received('guest 2: Hello yourself')])

  other.ws.close(1001)
  await until(() => chat.result.stdout.includes('guest 2 leaves: 1001\n'))
  assert.equal(chat.result.stdout,
    'Chat on http://127.0.0.1:8000/\nguest 1 joins\nguest 2 joins\nguest 2 leaves: 1001\n')
})

test('chat.js serves its page, and nothing else', async (scope) => {
  const { port } = await startChat(scope)
  const [page, missing] = await Promise.all(['/', '/other'].map(async (path) => {
    const [response] = await once(http.get({ host: '127.0.0.1', port, path, agent: false }), 'response')
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    return { status: response.statusCode, type: response.headers['content-type'], text }
  }))
  assert.deepEqual([page.status, page.type, missing.status], [200, 'text/html; charset=utf-8', 404])
})

test('chat.js: two pages in a browser talk to each other', async (scope) => {
  const { child, port } = await startChat(scope)
  // The pages see the printed port, which the chat compares with their origin.
  const browser = await launch(`--host-resolver-rules=MAP localhost:8000 127.0.0.1:${port}`)
  scope.defer(() => browser.close())
  const pages = [await browser.newPage(), await browser.newPage()]
  for (const [index, page] of pages.entries()) {
    await page.goto('http://localhost:8000/')
    await page.getByText(`You are guest ${index + 1}`).waitFor()
  }
  await pages[1].fill('input', '<b>Hello</b>')
  await pages[1].press('input', 'Enter')
  for (const page of pages) await page.getByText('guest 2: <b>Hello</b>').waitFor()
  assert.equal(await pages[1].inputValue('input'), '')

  child.kill('SIGTERM')
  for (const page of pages) await page.getByText('Closed: 4001 The server restarts').waitFor()
}, { skip: missing || withoutSignals, timeout: 60000 })

test('chat.js refuses pages of other origins and other paths', async (scope) => {
  const chat = await startChat(scope)
  await chat.join({ origin: null })
  await assert.rejects(chat.join({ origin: 'http://example.com' }), /Unexpected response code: 403/)
  await assert.rejects(chat.join({ origin: 'null', independent: true }), /403/)
  await assert.rejects(join(scope, `ws://127.0.0.1:${chat.port}/other`), /Unexpected response code: 404/)
})

test('chat.js closes the connection of a client that sends bytes, or too much', async (scope) => {
  const chat = await startChat(scope)
  const [first, second] = [await chat.join({ independent: true }), await chat.join({ independent: true })]
  first.ws.send(Buffer.from('bytes'))
  assert.deepEqual(await first.closed, [4000, 'Send text'])
  second.ws.send('a'.repeat(4097))
  assert.equal((await second.closed)[0], 1009)
})

test('chat.js terminates a client that does not read, and the others notice nothing', async (scope) => {
  const chat = await startChat(scope)
  const slow = await chat.join({ independent: true })
  const fast = await chat.join()
  slow.ws.pause()
  const text = 'a'.repeat(4000)
  const isTerminated = () => chat.result.stdout.includes('guest 1 leaves: 1006')
  for (let sent = 100; !isTerminated(); sent += 100) {
    for (let each = 0; each < 100; each++) fast.ws.send(text)
    await until(() => fast.texts.length > sent)
  }
  fast.ws.send('still here')
  await fast.received('guest 2: still here')
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`chat.js closes every connection on ${signal} and ends`, async (scope) => {
    const chat = await startChat(scope)
    const clients = [await chat.join(), await chat.join({ independent: true })]
    chat.child.kill(signal)
    for (const { closed } of clients) assert.deepEqual(await closed, [4001, 'The server restarts'])
    const { code, stderr } = await chat.finished
    assert.deepEqual([code, stderr], [0, ''])
  }, { skip: withoutSignals })
}

test('chat.js keeps no socket of a client that it has refused', async (scope) => {
  const { port } = await startChat(scope)
  await refusedHalfOpen(scope, port, upgradeRequest(), 'HTTP/1.1 404 Not Found')
})

test('chat.js refuses an upgrade request that is complete only after SIGTERM', async (scope) => {
  const chat = await startChat(scope)
  const client = await chat.join()
  const late = await connect(scope, chat.port)
  const request = upgradeRequest({}, { target: '/chat' })
  late.write(request.slice(0, 20))
  client.ws.send('Hello')
  await client.received('guest 1: Hello')

  chat.child.kill('SIGTERM')
  await client.closed
  late.write(request.slice(20))
  assert.match(await late.head(), /^HTTP\/1\.1 503 /)
  const { code, stderr } = await chat.finished
  assert.deepEqual([code, stderr], [0, ''])
}, { skip: withoutSignals })

test('chat.js ends after SIGTERM although clients do not answer and have sent half a request', async (scope) => {
  const chat = await startChat(scope)
  const silent = await connect(scope, chat.port)
  silent.write(upgradeRequest({}, { target: '/chat' }))
  await silent.head()
  const half = await connect(scope, chat.port)
  half.write('GET / HTTP/1.1\r\nHo')
  const client = await chat.join()
  client.ws.send('Hello')
  await client.received('guest 2: Hello')

  chat.child.kill('SIGTERM')
  const { code, stderr } = await chat.finished
  assert.deepEqual([code, stderr], [0, ''])
}, { skip: withoutSignals })

/** The chat with the asynchronous handler of the page, behind a `findUser()` that waits and looks into the cookie. */
function asynchronousChat () {
  const blocks = codeBlocks().filter(({ text }) => text.includes('await findUser('))
  assert.equal(blocks.length, 1)
  const handler = /^server\.on\('upgrade'.*?^\}\)\n/ms
  const [found] = fileBlock('chat.js').match(handler)
  return fileBlock('chat.js').replace(found, () => blocks[0].text) + `
async function findUser (cookie) {
  console.log('asks for', cookie)
  await new Promise((resolve) => setTimeout(resolve, 300))
  if (cookie === 'fails') throw new Error('no database')
  return cookie === 'unknown' ? null : { name: cookie }
}
`
}

test('the asynchronous handler accepts and refuses clients', async (scope) => {
  const chat = await startChat(scope, asynchronousChat())
  const request = (cookie) => upgradeRequest({ Cookie: cookie })
  for (const [cookie, status] of [['known', 101], ['unknown', 401], ['fails', 500]]) {
    const peer = await connect(scope, chat.port)
    peer.write(request(cookie))
    assert.match(await peer.head(), new RegExp(`^HTTP/1\\.1 ${status} `), cookie)
  }
  assert.equal(chat.result.stderr, 'no database\n')
})

test('the asynchronous handler survives clients that reset the connection while it waits', async (scope) => {
  const chat = await startChat(scope, asynchronousChat())
  for (const cookie of ['known', 'unknown', 'fails']) {
    const peer = await connect(scope, chat.port)
    peer.write(upgradeRequest({ Cookie: cookie }))
    await Promise.race([chat.finished, until(() => chat.result.stdout.includes(`asks for ${cookie}\n`))])
    peer.socket.resetAndDestroy()
  }
  await Promise.race([chat.finished, until(() => chat.result.stderr.includes('no database'))])
  await scope.settle(300)
  assert.deepEqual([chat.child.exitCode, chat.child.signalCode, chat.result.stderr], [null, null, 'no database\n'])
}, { skip: typeof net.Socket.prototype.resetAndDestroy !== 'function' && 'Node 18.3 or later' })
