'use strict'

// The programs of docs/https.md.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const https = require('node:https')
const path = require('node:path')

const { UNAVAILABLE } = require('../support/native')
const { WebSocket } = require('../support/subject')
const { test } = require('../support/test')
const { issue, local, root } = require('../support/tls')
const { projectFolder, startProgram } = require('./program')

const folder = projectFolder()
const ours = issue({ usages: ['clientAuth'] })
for (const [name, text] of Object.entries({ key: local.key, cert: local.cert, clients: root.cert })) {
  fs.writeFileSync(path.join(folder, `${name}.pem`), text)
}

function get (port, options) {
  return new Promise((resolve, reject) => {
    https.get({ port, host: 'localhost', ca: root.cert, agent: false, ...options }, async (response) => {
      resolve([response.statusCode, String(Buffer.concat(await response.toArray())), response.socket])
    }).on('error', reject)
  })
}

test('secure.js serves a page and WebSockets', async (scope) => {
  const program = startProgram(scope, folder, 'secure.js', { printedPort: 8443 })
  const port = await program.listening()
  const [status, text] = await get(port)
  assert.deepEqual([status, text], [200, 'TLSv1.3\n'])

  const ws = new WebSocket.Client(`wss://localhost:${port}/`, [], { ca: root.cert })
  scope.defer(() => ws.terminate())
  ws.on('open', () => ws.send('Hello'))
  const message = await new Promise((resolve) => ws.on('message', ({ data }) => resolve(data)))
  assert.equal(message, 'Hello')
  assert.equal(program.result.stdout, `Listening on 8443, native: ${!UNAVAILABLE}\n`)
})

test('secure.js uses a new certificate after SIGHUP', async (scope) => {
  const program = startProgram(scope, folder, 'secure.js', { printedPort: 8443 })
  const port = await program.listening()
  const next = issue()
  fs.writeFileSync(path.join(folder, 'key.pem'), next.key)
  fs.writeFileSync(path.join(folder, 'cert.pem'), next.cert)
  scope.defer(() => {
    for (const name of ['key', 'cert']) fs.writeFileSync(path.join(folder, `${name}.pem`), local[name])
  })
  program.child.kill('SIGHUP')
  const expected = new (require('node:crypto').X509Certificate)(next.cert).fingerprint256
  for (let seen; seen !== expected;) {
    const client = require('node:tls').connect({ port, host: 'localhost', ca: root.cert })
    await new Promise((resolve) => client.once('secureConnect', resolve))
    seen = client.getPeerCertificate().fingerprint256
    client.destroy()
  }
}, { skip: process.platform === 'win32' && 'Windows has no such signals' })

for (const name of ['secure.js', 'certificates.js']) {
  test(`${name} keeps its certificate if the new one does not belong to the new key`, async (scope) => {
    const program = startProgram(scope, folder, name, { printedPort: 8443 })
    const port = await program.listening()
    fs.writeFileSync(path.join(folder, 'key.pem'), issue().key)
    scope.defer(() => fs.writeFileSync(path.join(folder, 'key.pem'), local.key))
    program.child.kill('SIGHUP')
    while (!/remains?: /.test(program.result.stderr)) await scope.settle()
    const [status] = await get(port)
    assert.equal(status, name === 'secure.js' ? 200 : 403)
  }, { skip: process.platform === 'win32' && 'Windows has no such signals' })
}

test('certificates.js knows its clients', async (scope) => {
  const program = startProgram(scope, folder, 'certificates.js', { printedPort: 8443 })
  const port = await program.listening()
  const [known, unknown] = await Promise.all([get(port, { key: ours.key, cert: ours.cert }), get(port)])
  assert.deepEqual(known.slice(0, 2), [200, 'localhost\n'])
  assert.deepEqual(unknown.slice(0, 2), [403, 'UNABLE_TO_GET_ISSUER_CERT\n'])
})
