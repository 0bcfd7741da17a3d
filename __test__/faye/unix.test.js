'use strict'

// ws+unix: URLs, which have the path of a Unix socket in place of the host and the port.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const os = require('node:os')
const path = require('node:path')

const { createAuthority } = require('../support/certs')
const { echoEach } = require('../support/client')
const { eventually, once } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { deviation } = require('../support/test')

const skip = process.platform === 'win32' ? 'Windows has no Unix sockets' : false

/** Starts an echo server on a Unix socket, which records its requests. */
async function serve (scope, name, secure) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'faye-'))
  const socket = path.join(folder, name)
  const server = secure ? https.createServer(secure) : http.createServer()
  const requests = []
  server.on('upgrade', (request, socket, body) => {
    requests.push({ url: request.url, host: request.headers.host, servername: socket.servername })
    const ws = new WebSocket(request, socket, body)
    echoEach(ws)
  })
  server.listen(socket)
  await once(server, 'listening')
  scope.defer(() => new Promise((resolve) => server.close(() => {
    fs.rmSync(folder, { recursive: true })
    resolve()
  })))
  return { socket, requests, folder }
}

async function echo (scope, url, options) {
  const ws = new WebSocket.Client(url, [], options)
  scope.defer(() => ws._stream.destroy())
  assert.equal(ws.url, url)
  await once(ws, 'open')
  ws.send('echo')
  assert.equal((await once(ws, 'message')).data, 'echo')
  ws.close()
  await once(ws, 'close')
}

const PATHS = [
  ['', '/'],
  [':', '/'],
  [':/', '/'],
  [':/path', '/path'],
  [':/path?query=1&b', '/path?query=1&b'],
  [':/a:b/c?d:e', '/a:b/c?d:e'],
  ['?query', '/?query']
]
for (const [rest, expected] of PATHS) {
  deviation(`ws+unix:<socket>${rest} requests ${expected}`, async (scope) => {
    const { socket, requests } = await serve(scope, 'server.sock')
    await echo(scope, `ws+unix:${socket}${rest}`)
    assert.deepEqual(requests, [{ url: expected, host: 'localhost', servername: undefined }])
  }, { skip })
}

deviation('the path of the socket can be encoded, relative, and follow ws+unix://', async (scope) => {
  const { socket, requests } = await serve(scope, 'a server: 100%.sock')
  const encoded = socket.split('/').map(encodeURIComponent).join('/')
  await echo(scope, `ws+unix:${encoded}:/a`)
  await echo(scope, `ws+unix://${encoded}:/b`)
  const directory = process.cwd()
  process.chdir(path.dirname(socket))
  try {
    await echo(scope, `ws+unix:./${encodeURIComponent(path.basename(socket))}:/c`)
  } finally {
    process.chdir(directory)
  }
  assert.deepEqual(requests.map(({ url }) => url), ['/a', '/b', '/c'])
}, { skip })

deviation('a wss+unix: client verifies the certificate for localhost, or for the servername', async (scope) => {
  const authority = createAuthority()
  const { ca } = authority
  const local = await serve(scope, 'local.sock', authority.local)
  await echo(scope, `wss+unix:${local.socket}:/secure`, { ca })
  assert.deepEqual(local.requests, [{ url: '/secure', host: 'localhost', servername: 'localhost' }])
  const named = await serve(scope, 'named.sock', authority.issue(['example.com']))
  await echo(scope, `wss+unix:${named.socket}:/`, { tls: { ca, servername: 'example.com' } })
  const wrong = new WebSocket.Client(`wss+unix:${named.socket}:/`, [], { ca })
  const events = []
  wrong.on('error', ({ message }) => events.push(message))
  wrong.on('close', ({ code }) => events.push(code))
  await eventually(() => events.length === 2, 'the refusal')
  assert.match(events[0], /Hostname\/IP does not match certificate's altnames/)
  assert.equal(events[1], 1006)
}, { skip })

deviation('a Unix socket that does not exist emits one error and one close', async (scope) => {
  const { folder } = await serve(scope, 'server.sock')
  const ws = new WebSocket.Client(`ws+unix:${folder}/none.sock:/`)
  const message = new Promise((resolve) => ws.on('error', (event) => resolve(event.message)))
  assert.equal((await once(ws, 'close')).code, 1006)
  assert.equal(await message, `Network error: ws+unix:${folder}/none.sock:/: connect ENOENT ${folder}/none.sock`)
}, { skip })

for (const url of ['ws+unix:', 'ws+unix::/path', 'ws+unix://host/server.sock', 'ws+unix:/s.sock:path', 'ws+unix:/%zz:/']) {
  deviation(`the constructor refuses the invalid URL ${url}`, () => {
    assert.throws(() => new WebSocket.Client(url), { message: `${url} is not a valid WebSocket URL` })
  })
}

deviation('the constructor refuses a proxy for a Unix socket', () => {
  const options = { proxy: { origin: 'http://127.0.0.1:1' } }
  assert.throws(() => new WebSocket.Client('ws+unix:/a.sock:/', [], options), {
    message: 'ws+unix:/a.sock:/ cannot be reached through a proxy'
  })
})
