'use strict'

// hixie-75 and hixie-76 are on by default. __test__/parity compares their bytes.

const nodeTest = require('node:test')
const assert = require('node:assert/strict')

const WebSocket = require('../..')
const websocket = require('../../lib/websocket-driver')
const { connect, once, serve } = require('../support/peer')
const { test } = require('../support/test')

const KEYS = {
  'Sec-WebSocket-Key1': '1   38 wZ3f9 23O0 3l 0r',
  'Sec-WebSocket-Key2': '27   0E 6 2  1665:< ;U 1H'
}
const BODY = Buffer.from('91253ed3a9e76a88', 'hex')
const SIGNATURE = Buffer.from('b49c6e4053040426e51bbf6cb79f1df9', 'hex')

const text = (string) => Buffer.concat([Buffer.from([0]), Buffer.from(string), Buffer.from([0xff])])

function lower (headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function draftRequest (headers) {
  return {
    method: 'GET',
    url: '/chat',
    headers: { host: 'example.com', connection: 'Upgrade', upgrade: 'WebSocket', ...lower(headers) }
  }
}

function draftHead (port, headers) {
  const lines = Object.entries({
    Host: `127.0.0.1:${port}`, Connection: 'Upgrade', Upgrade: 'WebSocket', Origin: 'http://example.com', ...headers
  })
  return `GET /chat HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

const DRAFTS = [
  ['hixie-75', {}, 'Web Socket Protocol Handshake', 'WebSocket-', Buffer.alloc(0), Buffer.alloc(0)],
  ['hixie-76', KEYS, 'WebSocket Protocol Handshake', 'Sec-WebSocket-', BODY, SIGNATURE]
]

for (const [version, headers, phrase, prefix, body, signature] of DRAFTS) {
  test(`a WebSocket serves ${version} by default`, async (scope) => {
    let ws
    const { port } = await serve(scope, WebSocket, { onSocket: (socket) => { ws = socket } })
    const peer = await connect(scope, port)
    peer.write(Buffer.concat([Buffer.from(draftHead(port, headers)), body]))
    const head = await peer.head()
    assert.equal(head, `HTTP/1.1 101 ${phrase}\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n` +
      `${prefix}Origin: http://example.com\r\n${prefix}Location: ws://127.0.0.1:${port}/chat\r\n\r\n`)
    await peer.until(() => peer.bytes.length === signature.length, 'the signature')
    assert.deepEqual(peer.bytes, signature)
    if (ws.readyState === 0) await once(ws, 'open')
    assert.equal(ws.version, version)

    peer.bytes = Buffer.alloc(0)
    const message = once(ws, 'message')
    peer.write(text('héllo'))
    assert.equal((await message).data, 'héllo')
    assert.equal(ws.send('back'), true)
    await peer.until(() => peer.bytes.length === 6, 'the answer')
    assert.deepEqual(peer.bytes, text('back'))
    const closed = once(ws, 'close')
    ws.close()
    await closed
    assert.equal(await peer.ended(), 'fin')
  })

  test(`a WebSocket with allowDrafts: false refuses ${version}`, async (scope) => {
    const { port } = await serve(scope, WebSocket, { options: { allowDrafts: false } })
    const peer = await connect(scope, port)
    peer.write(Buffer.concat([Buffer.from(draftHead(port, headers)), body]))
    await peer.ended()
    assert.match(peer.bytes.toString(), /^HTTP\/1\.1 400 .*\r\n\r\nUnsupported WebSocket version: undefined$/s)
  })

  nodeTest(`drivers support ${version} by default`, () => {
    assert.equal(websocket.http(draftRequest(headers)).version, version)
    assert.equal(websocket.http(draftRequest(headers), { allowDrafts: undefined }).version, version)
    assert.equal(websocket.http(draftRequest(headers), { allowDrafts: false }).version, 'hybi-13')
    const server = websocket.server()
    server.io.write(Buffer.from(draftHead(80, headers)))
    assert.equal(server.version, version)
  })

  nodeTest(`the options of ${version} only receive requireMasking`, () => {
    const options = {}
    websocket.http(draftRequest(headers), options)
    assert.deepEqual(options, { requireMasking: true })
  })

  nodeTest(`${version} ends at a text above the limit, even if it arrives in one packet`, () => {
    const driver = websocket.http(draftRequest(headers), { maxLength: 20 })
    const seen = []
    driver.on('message', ({ data }) => seen.push(data))
    driver.on('close', ({ code, reason }) => seen.push(code, reason))
    driver.start()
    driver.io.write(Buffer.concat([body, text('x'.repeat(20)), text('y'.repeat(21)), text('z')]))
    assert.deepEqual(seen, ['x'.repeat(20), null, null])
    assert.equal(driver.readyState, 3)
  })

  nodeTest(`${version} is closed before it reports a refused request`, () => {
    const driver = websocket.http({ ...draftRequest(headers), method: 'POST' })
    const states = []
    driver.on('error', () => states.push(driver.readyState))
    driver.on('close', () => states.push(driver.readyState))
    assert.equal(driver.start(), false)
    assert.deepEqual(states, [3, 3])
  })

  nodeTest(`bytes before the start of ${version} are delivered after it`, () => {
    const driver = websocket.http(draftRequest(headers))
    const seen = []
    driver.on('open', () => seen.push('open'))
    driver.on('message', ({ data }) => seen.push(data))
    driver.io.write(Buffer.concat([body, text('a')]))
    assert.deepEqual(seen, [])
    driver.start()
    assert.deepEqual(seen, ['open', 'a'])
  })
}
