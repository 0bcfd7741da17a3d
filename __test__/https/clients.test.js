'use strict'

// Clients that are not ours: curl, OpenSSL, undici, Chromium.

const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const nodeHttps = require('node:https')
const os = require('node:os')
const path = require('node:path')

const https = require('../../lib/https')
const { findBrowser } = require('../page/browser')
const { echoEach } = require('../support/client')
const { UNAVAILABLE } = require('../support/native')
const { listen } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { HAS_OPENSSL, issue, root } = require('../support/tls')

const VERSIONS = { 'TLSv1.2': ['--tls-max', '1.2'], 'TLSv1.3': ['--tlsv1.3'] }
const KINDS = ['ECDSA P-256', 'ECDSA P-384', 'RSA 2048']
const identities = Object.fromEntries(KINDS.map((kind) => [kind, issue({ kind })]))
const { launch, missing } = findBrowser()
const IS_OLD = Number(process.versions.node.split('.')[0]) < 20

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'https-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true }))
const CA = file('ca.pem', root.cert)

function file (name, text) {
  fs.writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}

/** Runs a program. Resolves with its output. `input` is written at once, and its end at the end of the program. */
function run (command, args, input = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk })
    child.stdin.on('error', () => {})
    child.stdin.write(input)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

async function serve (scope, { kind = KINDS[0], ...options } = {}) {
  const { key, cert } = identities[kind]
  const server = https.createServer({ key, cert, ...options }, async (request, response) => {
    const chunks = await request.toArray()
    response.end(`${request.socket.getProtocol()} ${Buffer.concat(chunks).length}`)
  })
  server.on('upgrade', (request, socket, body) => echoEach(new WebSocket(request, socket, body)))
  const port = await listen(scope, server)
  assert.equal(server.isNative, !UNAVAILABLE)
  return { port, server }
}

const HAS_CURL = spawnSync('curl', ['--version']).status === 0

for (const kind of KINDS) {
  for (const [version, flags] of Object.entries(VERSIONS)) {
    test(`curl gets and posts with ${version} and a certificate for ${kind}`, async (scope) => {
      const { port } = await serve(scope, { kind })
      const url = `https://localhost:${port}/`
      const body = file('body', Buffer.alloc(2_000_000))
      const common = ['-sS', '--ipv4', '--cacert', CA, ...flags]
      assert.deepEqual(await run('curl', [...common, url, url]), { code: 0, output: `${version} 0`.repeat(2) })
      const posted = await run('curl', [...common, '--data-binary', `@${body}`, '--expect100-timeout', '5', url])
      assert.deepEqual(posted, { code: 0, output: `${version} 2000000` })
    }, { skip: !HAS_CURL && 'no curl' })
  }
}

for (const version of Object.keys(VERSIONS)) {
  test(`OpenSSL resumes sessions with ${version}`, async (scope) => {
    const { port } = await serve(scope)
    const session = path.join(folder, `session-${version}`)
    const flags = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', '-CAfile', CA,
      `-${version.toLowerCase().replace('v1.', '1_')}`, '-ign_eof']
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const first = await run('openssl', [...flags, '-sess_out', session], request)
    assert.match(first.output, /Verify return code: 0 \(ok\)/)
    assert.match(first.output, /\nNew, /)
    const second = await run('openssl', [...flags, '-sess_in', session], request)
    assert.match(second.output, /\nReused, /)
    for (const { output } of [first, second]) assert.match(output, new RegExp(`${version} 0`))
  }, { skip: !HAS_OPENSSL && 'no openssl' })
}

// Node renegotiates.
test('OpenSSL cannot renegotiate', async (scope) => {
  const { port } = await serve(scope, { maxVersion: 'TLSv1.2' })
  const flags = ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2', '-CAfile', CA]
  const { output } = await run('openssl', flags, 'R\n')
  assert.match(output, /RENEGOTIATING/)
  assert.match(output, /no renegotiation|unexpected message|handshake failure|closed/i)
  assert.equal(await request(port), 'TLSv1.2 0')
}, { skip: UNAVAILABLE || (!HAS_OPENSSL && 'no openssl') })

/** Gets a page with Node's client. */
function request (port) {
  return new Promise((resolve, reject) => {
    nodeHttps.get({ port, host: 'localhost', ca: root.cert, agent: false }, async (response) => {
      resolve(String(Buffer.concat(await response.toArray())))
    }).on('error', reject)
  })
}

test('undici fetches over kept and pipelined connections', async (scope) => {
  const { Agent, fetch } = require('undici')
  const { port } = await serve(scope)
  const dispatcher = new Agent({ connect: { ca: root.cert }, connections: 2, pipelining: 4 })
  scope.defer(() => dispatcher.close())
  const texts = await Promise.all(Array.from({ length: 40 }, async (_, index) => {
    const response = await fetch(`https://localhost:${port}/`, { dispatcher, method: 'POST', body: 'x'.repeat(index) })
    return response.text()
  }))
  assert.deepEqual(texts, Array.from({ length: 40 }, (_, index) => `TLSv1.3 ${index}`))
}, { skip: IS_OLD && 'undici requires Node 20.18.1' })

test('Chromium gets a page and opens a WebSocket', async (scope) => {
  const { port, server } = await serve(scope)
  server.removeAllListeners('request')
  server.on('request', (request, response) => response.end('<!doctype html><title>Page</title>'))
  const browser = await launch('--ignore-certificate-errors')
  scope.defer(() => browser.close())
  const page = await browser.newPage()
  await page.goto(`https://localhost:${port}/`)
  assert.equal(await page.title(), 'Page')
  const seen = await page.evaluate(() => new Promise((resolve) => {
    const ws = new globalThis.WebSocket(globalThis.location.href.replace('https', 'wss'))
    ws.onopen = () => ws.send('Hello')
    ws.onmessage = ({ data }) => resolve(data)
    ws.onclose = ({ code }) => resolve(code)
  }))
  assert.equal(seen, 'Hello')
}, { skip: missing ?? false, timeout: 60000 })
