'use strict'

// TLS clients of the native transport, and servers of openssl.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { test } = require('../support/native')
const { eventually, once } = require('../support/peer')
const { dial, HAS_OPENSSL, local, root } = require('../support/tls')
const { usesReactor } = require('../support/transport')
const { frame, upgradeResponse } = require('../support/wire')

/** Starts openssl s_server, whose commands are letters on its standard input. */
async function startOpenssl (scope, version) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'pem'), local.key + local.cert)
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-cert', path.join(directory, 'pem'), version])
  scope.defer(() => child.kill())
  let output = ''
  child.stdout.on('data', (chunk) => { output += chunk.toString('latin1') })
  await eventually(() => /ACCEPT 127\.0\.0\.1:\d+/.test(output), 'the server of openssl')
  const [, port] = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(output)
  const request = async () => {
    await eventually(() => /GET [^]*\r\n\r\n/.test(output), 'a request')
    return /GET [^]*\r\n\r\n/.exec(output)[0]
  }
  return { child, request, url: `wss://127.0.0.1:${port}/` }
}

for (const [name, version, command] of [
  ['a key update', '-tls1_3', 'k\n'],
  ['a key update in both directions', '-tls1_3', 'K\n']
]) {
  test(`messages pass after a server of openssl starts ${name}`, async (scope) => {
    const { child, request, url } = await startOpenssl(scope, version)
    const { events, ws } = dial(scope, url, { ca: root.cert })
    child.stdin.write(upgradeResponse(await request()))
    await eventually(() => events.length > 0, 'an event')
    assert.deepEqual(events, [['open']])
    assert.ok(usesReactor(ws))
    for (const text of ['a', 'b']) {
      child.stdin.write(command)
      await scope.settle()
      child.stdin.write(frame('text', text))
      assert.equal((await once(ws, 'message')).data, text)
      ws.send(text)
    }
    assert.deepEqual(events.map(([type]) => type), ['open', 'message', 'message'])
  }, { skip: !HAS_OPENSSL && 'there is no openssl command' })
}

test('a server of openssl that requests a renegotiation is refused', async (scope) => {
  const { child, request, url } = await startOpenssl(scope, '-tls1_2')
  const { events, ws } = dial(scope, url, { ca: root.cert })
  child.stdin.write(upgradeResponse(await request()))
  await eventually(() => events.length > 0, 'an event')
  await scope.settle(100)
  child.stdin.write('r\n')
  await once(ws, 'close')
  // OpenSSL ends the connection when it receives no new handshake.
  assert.match(events[1][1], /alert handshake failure/)
  assert.deepEqual(events.map(([type]) => type), ['open', 'error', 'end', 'close'])
}, { skip: !HAS_OPENSSL && 'there is no openssl command' })
