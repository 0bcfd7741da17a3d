'use strict'

// The demo server without a browser: its responses, its refusals and its end.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { describe, test } = require('node:test')
const WebSocket = require('../../index.js')
const { createServer } = require('../../examples/demo/server.js')
const { refusedHalfOpen } = require('../docs/program')
const { inScope } = require('../support/test')
const { upgradeRequest } = require('../support/wire')

const FOREIGN = { Origin: 'http://other.example' }
const ROOT = path.join(__dirname, '../..')
const SERVER = path.join(ROOT, 'examples/demo/server.js')
const NO_SIGNALS = process.platform === 'win32' && 'Windows has no signals'

describe('the demo server', { timeout: 60000 }, () => {
  test('serves the page with content types and a strict Content Security Policy', async (t) => {
    const port = await serve(t)
    const files = [
      ['/', 'text/html; charset=utf-8'],
      ['/app.js', 'text/javascript; charset=utf-8'],
      ['/style.css', 'text/css; charset=utf-8']
    ]
    for (const [file, type] of files) {
      const { status, headers, body } = await ask(port, file)
      assert.equal(status, 200, file)
      assert.equal(headers['content-type'], type)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.match(headers['content-security-policy'], /^default-src 'none'; script-src 'self';/)
      assert.equal(Number(headers['content-length']), Buffer.byteLength(body))
      assert.doesNotMatch(body, /(src|href)="https?:/, 'no links to other origins')
    }
  })

  test('refuses requests with the right status', async (t) => {
    const port = await serve(t)
    const cases = [
      ['an unknown file', '/server.js', {}, 404],
      ['a path out of the folder', '/../../package.json', {}, 404],
      ['a name of Object.prototype', '/constructor', {}, 404],
      ['a method that the page does not support', '/', { method: 'DELETE' }, 405],
      ['the clock without Accept: text/event-stream', '/clock', {}, 406],
      ['dropping with GET', '/clock/drop?stream=1', {}, 405],
      ['dropping from another site', '/clock/drop?stream=1', { method: 'POST', headers: FOREIGN }, 403],
      ['dropping an unknown stream', '/clock/drop?stream=1', { method: 'POST' }, 404]
    ]
    for (const [name, target, options, expected] of cases) {
      const { status } = await ask(port, target, options)
      assert.equal(status, expected, name)
    }
    assert.equal((await ask(port, '/', { method: 'HEAD' })).body, '')
  })

  test('accepts WebSockets only on its paths, and only from its own page or programs', async (t) => {
    const port = await serve(t)
    const own = `http://127.0.0.1:${port}`
    const cases = [
      ['the echo for the page', '/echo', own, 101],
      ['the chat for the page', '/chat', own, 101],
      ['the echo for a program', '/echo', undefined, 101],
      ['an unknown path', '/nowhere', own, 404],
      ['a name of Object.prototype', '/constructor', own, 404],
      ['the chat for another site', '/chat', FOREIGN.Origin, 403],
      ['the echo for another port', '/echo', 'http://127.0.0.1:1', 403],
      ['the chat for a page without an origin', '/chat', 'null', 403]
    ]
    for (const [name, target, origin, expected] of cases) {
      const headers = origin === undefined ? {} : { Origin: origin }
      const ws = new WebSocket.Client(`ws://127.0.0.1:${port}${target}`, [], { headers })
      let opened = false
      ws.on('open', () => {
        opened = true
        ws.close()
      })
      await new Promise((resolve) => ws.on('close', resolve))
      assert.deepEqual([ws.statusCode, opened], [expected, expected === 101], name)
    }
  })

  test('refuses other upgrades with 400', async (t) => {
    const port = await serve(t)
    const { status } = await ask(port, '/echo', { headers: { Connection: 'Upgrade', Upgrade: 'h2c' } })
    assert.equal(status, 400)
  })

  test('keeps no socket of a client that it has refused', async (t) => {
    const port = await serve(t)
    await inScope((scope) => refusedHalfOpen(scope, port, upgradeRequest(), 'HTTP/1.1 404 Not Found'))
  })

  test('echoes text as text and bytes as bytes', async (t) => {
    const ws = await connect(t, await serve(t), '/echo')
    for (const message of ['', 'naïve 👋', Buffer.from([0, 255, 128]), 'x'.repeat(64 * 1024)]) {
      ws.send(message)
      assert.deepEqual((await next(ws, 'message')).data, message)
    }
  })

  test('closes with 1009 on a message above 64 KiB', async (t) => {
    const port = await serve(t)
    for (const target of ['/echo', '/chat']) {
      const ws = await connect(t, port, target)
      ws.send('x'.repeat(64 * 1024 + 1))
      assert.equal((await next(ws, 'close')).code, 1009, target)
    }
  })

  test('closes a chat with 4002 on an invalid message', async (t) => {
    const port = await serve(t)
    for (const message of ['hello', '{', 'null', '5', '[]', '{}', '{"type":"nonsense"}', Buffer.from([255, 0])]) {
      const ws = await connect(t, port, '/chat')
      ws.send(message)
      assert.equal((await next(ws, 'close')).code, 4002, String(message))
    }
  })

  test('cuts names and messages at a character', async (t) => {
    const ws = await connect(t, await serve(t), '/chat')
    ws.send(JSON.stringify({ type: 'name', name: '  Ada\n\u0000' + '👋'.repeat(40) }))
    assert.equal(JSON.parse((await next(ws, 'message')).data).type, 'welcome')
    const joined = JSON.parse((await next(ws, 'message')).data)
    assert.equal(joined.name, 'Ada ' + '👋'.repeat(20))

    ws.send(JSON.stringify({ type: 'say', text: ' ' + '👋'.repeat(600) }))
    assert.equal(JSON.parse((await next(ws, 'message')).data).text, '👋'.repeat(500))
  })

  test('ignores messages without a name or without text', async (t) => {
    const ws = await connect(t, await serve(t), '/chat')
    ws.send('{"type":"say","text":"nameless"}')
    for (const name of ['', ' ', {}, null]) ws.send(JSON.stringify({ type: 'name', name }))
    ws.send('{"type":"name","name":"Ada"}')
    const welcome = JSON.parse((await next(ws, 'message')).data)
    assert.deepEqual([welcome.type, welcome.history], ['welcome', []])
    assert.equal(JSON.parse((await next(ws, 'message')).data).type, 'join')

    for (const text of ['', ' \n', 5, null, 'something']) ws.send(JSON.stringify({ type: 'say', text }))
    assert.equal(JSON.parse((await next(ws, 'message')).data).text, 'something')
  })

  test('resends the seconds after Last-Event-ID, at most a minute', async (t) => {
    const port = await serve(t)
    const now = Math.floor(Date.now() / 1000)
    const cases = [
      ['five seconds ago', String(now - 5), now - 4],
      ['an hour ago', String(now - 3600), now - 59],
      ['no id', undefined, now],
      ['an unknown id', 'abc', now],
      ['a second in the future', String(now + 3600), now]
    ]
    for (const [name, lastEventId, expected] of cases) {
      const [hello, tick] = await readEvents(port, lastEventId, 2)
      assert.equal(JSON.parse(hello.data).lastEventId, lastEventId || '', name)
      const late = Number(tick.id) - expected
      assert.ok(late >= 0 && late <= 3, `${name}: first id ${tick.id}, expected ${expected}`)
      assert.equal(JSON.parse(tick.data).time, Number(tick.id) * 1000, name)
    }
  })

  test('prints its address, and ends with 0 when it is interrupted', async (t) => {
    const child = start(t, { PORT: '0' })
    const [, port] = await child.prints(/http:\/\/127\.0\.0\.1:(\d+)\//)
    const ws = await connect(t, port, '/chat')
    const closed = next(ws, 'close')
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    const { code, reason } = await closed
    assert.deepEqual([code, reason], [4001, 'The server is stopping'])
    assert.deepEqual(await ended, [0, null])
  })

  test('npm start ends it when npm ends', { skip: NO_SIGNALS }, async (t) => {
    const child = spawn('npm', ['start'], { cwd: ROOT, env: { ...process.env, PORT: '0' }, detached: true })
    t.after(() => {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch (error) {
        if (error.code !== 'ESRCH') throw error
      }
    })
    const [, port] = await collect(child).prints(/http:\/\/127\.0\.0\.1:(\d+)\//)
    await connect(t, port, '/chat')
    // The server inherits the standard streams of npm, so `close` proves that it has ended.
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    await closed
    await assert.rejects(ask(port, '/'), { code: 'ECONNREFUSED' })
  })

  test('prints which port is in use and how to choose another', async (t) => {
    const port = await serve(t)
    const child = start(t, { PORT: String(port) })
    const ended = once(child, 'exit')
    await child.prints(new RegExp(`Port ${port} is in use\\. Choose another: PORT=8001 npm start`))
    assert.deepEqual(await ended, [1, null])
  })

  test('refuses a PORT that is not a port number', async (t) => {
    for (const port of ['web', '-1', '65536', '80.5']) {
      const child = start(t, { PORT: port })
      const ended = once(child, 'exit')
      await child.prints(/PORT must be a number from 0 to 65535/)
      assert.deepEqual(await ended, [1, null], port)
    }
  })
})

async function serve (t) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => new Promise((resolve) => server.stop(resolve)))
  return server.address().port
}

function ask (port, target, options = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path: target, agent: false, ...options }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() })
      })
    })
    request.on('error', reject)
    request.end()
  })
}

async function connect (t, port, target) {
  const ws = new WebSocket.Client(`ws://127.0.0.1:${port}${target}`)
  t.after(() => ws.close())
  const queues = new Map([['message', []], ['close', []]])
  for (const [name, queue] of queues) ws.on(name, (event) => queue.push(event))
  ws.queues = queues
  await once(ws, 'open')
  return ws
}

// Events are queued from the beginning, so that two events of one chunk are both found.
async function next (ws, name) {
  const queue = ws.queues.get(name)
  while (queue.length === 0) await once(ws, name)
  return queue.shift()
}

function readEvents (port, lastEventId, count) {
  return new Promise((resolve, reject) => {
    const headers = { Accept: 'text/event-stream' }
    if (lastEventId !== undefined) headers['Last-Event-ID'] = lastEventId
    let text = ''
    const request = http.get({ host: '127.0.0.1', port, path: '/clock', agent: false, headers }, (response) => {
      assert.equal(response.headers['content-type'], 'text/event-stream')
      response.on('error', () => {})
      response.on('data', (chunk) => {
        text += chunk
        const events = parseEvents(text)
        if (events.length < count) return
        request.destroy()
        resolve(events)
      })
    })
    request.on('error', reject)
  })
}

// Returns the complete blocks with data as objects of their fields.
function parseEvents (text) {
  return text.split(/(?:\r\n|\n){2}/).slice(0, -1)
    .map((block) => Object.fromEntries(block.split(/\r?\n/).map((line) => line.split(/: (.*)/s))))
    .filter((event) => event.data !== undefined)
}

// Starts the server as a program. `prints` waits until the output matches, and rejects if the program ends before.
function start (t, env) {
  const child = spawn(process.execPath, [SERVER], { env: { ...process.env, ...env } })
  t.after(() => child.kill('SIGKILL'))
  return collect(child)
}

/** Adds a method to a child process that resolves when its output matches a pattern. */
function collect (child) {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
      child.emit('output')
    })
  }
  child.prints = (pattern) => new Promise((resolve, reject) => {
    const check = () => pattern.test(output) && resolve(pattern.exec(output))
    child.on('output', check)
    child.once('close', () => check() || reject(new Error(`The server has ended and printed only: ${output}`)))
    check()
  })
  return child
}
