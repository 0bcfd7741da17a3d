'use strict'

// Clients over TLS with both transports, and certificates of a test authority.

const assert = require('node:assert/strict')
const { execFileSync, spawn } = require('node:child_process')

const { certificate, createAuthority } = require('./certs')
const { eventually, once } = require('./peer')
const { WebSocket } = require('./subject')
const { usesReactor } = require('./transport')

const authority = createAuthority()
const { local, root } = authority

/** The path of `transport.js`, for scripts in other processes. */
const TRANSPORT = JSON.stringify(require.resolve('../support/transport'))

const PATHS = { native: {}, stream: { transport: 'stream' } }

const HAS_OPENSSL = succeeds(() => execFileSync('openssl', ['version']))

function succeeds (attempt) {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

const names = ['localhost', '127.0.0.1']

const issue = (options) => certificate('localhost', { names, issuer: root, ...options })

/** Creates a client and records its events. */
function dial (scope, url, options) {
  const ws = new WebSocket.Client(url, null, options)
  scope.defer(() => ws._stream.destroy())
  const events = []
  for (const type of ['open', 'message', 'error', 'end', 'close']) {
    ws.on(type, (event) => events.push([type, event && (event.data || event.message || event.code)].filter(Boolean)))
  }
  return { events, ws }
}

/** Creates a client and waits until it is open or closed. */
async function attempt (scope, url, options) {
  const dialled = dial(scope, url, options)
  await eventually(() => dialled.events.some(([type]) => type === 'open' || type === 'close'), 'open or close')
  const isOpen = dialled.ws.readyState === 1
  return { ...dialled, isOpen, isNative: isOpen && usesReactor(dialled.ws) }
}

async function echoes (ws, data) {
  const message = once(ws, 'message')
  ws.send(data)
  assert.deepEqual((await message).data, data)
}

/** Removes the parts that differ between connections: the URL with its port, and the thread numbers of OpenSSL. */
const withoutNumbers = (events, url) =>
  JSON.parse(JSON.stringify(events).replaceAll(url, 'URL').replace(/[0-9A-F]{8,}:error/g, 'error'))

/** Connects to the same server through both transports, and asserts that the events are equal. */
async function both (scope, url, options) {
  const seen = {}
  for (const [name, { transport }] of Object.entries(PATHS)) {
    seen[name] = await attempt(scope, url, { ...options, transport })
  }
  const [native, stream] = Object.values(seen).map(({ events }) => withoutNumbers(events, url))
  assert.deepEqual(native, stream)
  assert.equal(seen.stream.isNative, false)
  if (seen.native.isOpen) await echoes(seen.native.ws, 'Hello')
  return seen.native
}

/**
 * Runs a program in another process. `ws` is the client of the program. Resolves with the lines of the program's
 * output.
 */
const inChild = (environment, flags, body) => new Promise((resolve) => {
  const options = body === undefined ? {} : { ca: root.cert }
  const script = `
    const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
    const ws = new WebSocket.Client(process.env.URL, null, ${JSON.stringify(options)})
    ws.on('error', ({ message }) => console.log(message))
    const { usesReactor } = require(${TRANSPORT})
    ws.on('open', () => console.log('open', usesReactor(ws)))
    ws.on('close', ({ code }) => console.log('close', code))
    ${body ?? "ws.on('open', () => ws.close())"}`
  const child = spawn(process.execPath, [...flags || [], '-e', script], { env: { ...process.env, ...environment } })
  let output = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  child.on('close', () => resolve(output.split('\n').filter(Boolean)))
})

module.exports = {
  HAS_OPENSSL, PATHS, TRANSPORT, attempt, authority, both, dial, echoes, inChild, issue, local, names, root,
  withoutNumbers
}
