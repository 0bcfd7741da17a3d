'use strict'

// The chat of docs/serve.md, with clients of this package and of ws.

const assert = require('node:assert/strict')
const http = require('node:http')
const { once } = require('node:events')
const Ws = require('ws')

const { findBrowser } = require('../page/browser')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { projectFolder, startProgram } = require('./program')

const folder = projectFolder()
const ORIGIN = 'http://127.0.0.1:8000'
const { launch, missing } = findBrowser()
const withoutSignals = process.platform === 'win32' && 'Windows has no such signals'

/** A running chat: its port, what it has printed, and members that keep the texts they receive. */
async function startChat (scope) {
  const program = startProgram(scope, folder, 'chat.js', { printedPort: 8000 })
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
  const member = {
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
  return member
}

async function until (holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('chat.js passes each message to all members', async (scope) => {
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
  for (const page of pages) await page.getByText('Closed: 1000 The server stops').waitFor()
}, { skip: missing || withoutSignals, timeout: 60000 })

test('chat.js refuses pages of other sites and other paths', async (scope) => {
  const chat = await startChat(scope)
  await chat.join({ origin: null })
  await assert.rejects(chat.join({ origin: 'http://example.com' }), /Unexpected response code: 403/)
  await assert.rejects(chat.join({ origin: 'null', independent: true }), /403/)
  await assert.rejects(join(scope, `ws://127.0.0.1:${chat.port}/other`), /Unexpected response code: 404/)
})

test('chat.js closes the connection of a member who sends bytes, or too much', async (scope) => {
  const chat = await startChat(scope)
  const [first, second] = [await chat.join({ independent: true }), await chat.join({ independent: true })]
  first.ws.send(Buffer.from('bytes'))
  assert.deepEqual(await first.closed, [4000, 'Send text'])
  second.ws.send('a'.repeat(4097))
  assert.equal((await second.closed)[0], 1009)
})

test('chat.js drops a member who does not read, and the others notice nothing', async (scope) => {
  const chat = await startChat(scope)
  const slow = await chat.join({ independent: true })
  const fast = await chat.join()
  slow.ws.pause()
  const text = 'a'.repeat(4000)
  const isDropped = () => chat.result.stdout.includes('guest 1 leaves: 1006')
  for (let sent = 100; !isDropped(); sent += 100) {
    for (let each = 0; each < 100; each++) fast.ws.send(text)
    await until(() => fast.texts.length > sent)
  }
  fast.ws.send('still here')
  await fast.received('guest 2: still here')
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`chat.js closes every connection on ${signal} and ends`, async (scope) => {
    const chat = await startChat(scope)
    const members = [await chat.join(), await chat.join({ independent: true })]
    chat.child.kill(signal)
    for (const { closed } of members) assert.deepEqual(await closed, [1000, 'The server stops'])
    const { code, stderr } = await chat.finished
    assert.deepEqual([code, stderr], [0, ''])
  }, { skip: withoutSignals })
}
