'use strict'

// The transport of TLS connections, as options, environment and flags decide it.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const tls = require('node:tls')

const { echoEach } = require('../support/client')
const { test } = require('../support/native')
const { serve } = require('../support/peer')
const { WebSocket } = require('../support/subject')
const support = require('../support/test')
const { attempt, both, inChild, issue, local, root, TRANSPORT } = require('../support/tls')

const RSA_ONLY = 'AES128-SHA256'
const CONFIGURATIONS = {
  'TLS 1.2 at most': { tls: { maxVersion: 'TLSv1.2' }, isNative: true },
  'TLS 1.3 at least': { tls: { minVersion: 'TLSv1.3' }, isNative: true },
  'no version in common': { secure: { maxVersion: 'TLSv1.2' }, tls: { minVersion: 'TLSv1.3' } },
  'a cipher that rustls lacks': {
    secure: { ...issue({ kind: 'RSA 2048' }), ciphers: RSA_ONLY, maxVersion: 'TLSv1.2' }
  },
  'a curve that rustls lacks': { secure: { ecdhCurve: 'secp521r1' } },
  'an ALPN protocol in common': {
    secure: { ALPNProtocols: ['http/1.1'] }, tls: { ALPNProtocols: ['x', 'http/1.1'] }, isNative: true
  },
  'ALPN protocols as bytes': {
    secure: { ALPNProtocols: ['http/1.1'] }, tls: { ALPNProtocols: Buffer.from('\x08http/1.1') }, isNative: true
  },
  // Node 18 continues without one, later versions refuse.
  'no ALPN protocol in common': { secure: { ALPNProtocols: ['y'] }, tls: { ALPNProtocols: ['x'] }, isNative: null },
  'chosen ciphers': { tls: { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } },
  'an identity check of the program': { tls: { checkServerIdentity: () => new Error('not you') } },
  'a secure context': { tls: { secureContext: tls.createSecureContext({ ca: root.cert }) } },
  'a session': { tls: { session: undefined }, isNative: true },
  'an option of net.connect': { tls: { family: 4, noDelay: true, keepAlive: true }, isNative: true }
}
for (const [name, { secure, isNative = false, ...row }] of Object.entries(CONFIGURATIONS)) {
  test(`both transports report the same events with ${name}`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: { ...local, ...secure }, onSocket: echoEach })
    const seen = await both(scope, url, { ca: root.cert, ...row })
    assert.equal(seen.isNative, isNative ?? seen.isOpen)
  })
}

for (const [name, change] of [
  ['tls.connect is replaced', () => replace(tls, 'connect', (...args) => AS_IT_WAS(...args))],
  ['tls.checkServerIdentity is replaced', () => replace(tls, 'checkServerIdentity', () => undefined)],
  ['tls.DEFAULT_MAX_VERSION is changed', () => replace(tls, 'DEFAULT_MAX_VERSION', 'TLSv1.2')],
  ['tls.DEFAULT_CIPHERS is changed', () => replace(tls, 'DEFAULT_CIPHERS', 'ECDHE-ECDSA-AES128-GCM-SHA256')]
]) {
  test(`connections use the stream transport when ${name}`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
    scope.defer(change())
    const { isNative, isOpen } = await attempt(scope, url, { ca: root.cert })
    assert.deepEqual([isOpen, isNative], [true, false])
  })
}

const AS_IT_WAS = tls.connect

function replace (object, name, value) {
  const before = object[name]
  object[name] = value
  return () => { object[name] = before }
}

test('environment variables and flags of Node are respected', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'ca.pem')
  fs.writeFileSync(file, root.cert)
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const open = (isNative) => [`open ${isNative}`, 'close 1000']
  for (const [name, expected, environment, flags] of [
    ['NODE_EXTRA_CA_CERTS', open('getCACertificates' in tls), { NODE_EXTRA_CA_CERTS: file }],
    ['NODE_TLS_REJECT_UNAUTHORIZED', open(false), { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['a flag', open(false), { NODE_EXTRA_CA_CERTS: file }, ['--tls-max-v1.2']],
    ['NODE_OPTIONS', open(false), { NODE_EXTRA_CA_CERTS: file, NODE_OPTIONS: '--tls-max-v1.2' }],
    ['the authorities of OpenSSL', open(false), { SSL_CERT_FILE: file }, ['--use-openssl-ca']]
  ]) {
    const seen = await inChild({ URL: url, ...environment }, flags)
    assert.deepEqual(seen, expected, name)
  }
})

test('only the value of NODE_EXTRA_CA_CERTS at the start of the process is respected', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'ca.pem')
  fs.writeFileSync(file, root.cert)
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const preload = path.join(directory, 'preload.js')
  fs.writeFileSync(preload, `process.env.NODE_EXTRA_CA_CERTS = ${JSON.stringify(file)}`)
  const dialling = `
    const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
    const ws = new WebSocket.Client(${JSON.stringify(url)})
    ws.on('error', () => {})
    ws.on('open', () => ws.close())
    ws.on('close', ({ code }) => console.log('close', code))`
  const inWorker = `
    const { Worker } = require('node:worker_threads')
    new Worker(${JSON.stringify(dialling)}, { eval: true, env: { NODE_EXTRA_CA_CERTS: ${JSON.stringify(file)} } })`
  const seen = [['-r', preload, '-e', dialling], ['-e', inWorker]].map(output)
  for (const text of await Promise.all(seen)) assert.equal(text, 'close 1006\n')
})

/** Runs a program and returns its output. */
const output = (args, env = process.env) => new Promise((resolve) => {
  const child = spawn(process.execPath, args, { env })
  let text = ''
  child.stdout.on('data', (chunk) => { text += chunk })
  child.on('close', () => resolve(text))
})

const FLAG = '--use-openssl-ca'
const ON_ITS_OWN = '{ execArgv: [], env: {} }'
const KNOWS = process.platform === 'linux'
for (const [name, isNative, { worker = ON_ITS_OWN, before = '', flags = [], environment = {} }] of [
  ['without special flags or variables', KNOWS, {}],
  ['with flags that node:tls reports as its defaults', KNOWS, { flags: ['--tls-min-v1.2'] }],
  ['that has not inherited a flag', false, { flags: [FLAG] }],
  ['that has not inherited --openssl-…', false, { flags: ['--openssl-shared-config'] }],
  ['that has not inherited NODE_OPTIONS', false, { environment: { NODE_OPTIONS: FLAG } }],
  ['that has not inherited OPENSSL_CONF', false, { environment: { OPENSSL_CONF: '/dev/null' } }],
  ['that has not inherited NODE_USE_SYSTEM_CA', false, { environment: { NODE_USE_SYSTEM_CA: '1' } }],
  ['with a flag of its own', false, { worker: "{ execArgv: ['--trace-tls'] }" }],
  ['that shares variables of which one was deleted', false, {
    worker: '{ execArgv: [], env: SHARE_ENV }', before: 'delete process.env.NODE_OPTIONS',
    environment: { NODE_OPTIONS: FLAG }
  }],
  ['of a process with another title', false, { before: "process.title = 'a program'" }],
  ['of a process with a title like its first argument', false, { before: 'process.title = process.argv0' }],
  ['of a process whose variables come from a file', false, {
    flags: Number(process.versions.node.split('.')[0]) >= 20 ? ['--env-file=/dev/null'] : [FLAG]
  }]
]) {
  test(`a client in a worker ${name} uses the ${isNative ? 'native' : 'stream'} transport`, async (scope) => {
    const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
    const inWorker = `
      const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
      const ws = new WebSocket.Client(${JSON.stringify(url)}, null, ${JSON.stringify({ ca: root.cert })})
      ws.on('open', () => {
        require('node:worker_threads').parentPort.postMessage(require(${TRANSPORT}).usesReactor(ws))
        ws.close()
      })`
    const program = `
      const { Worker, SHARE_ENV } = require('node:worker_threads')
      ${before}
      new Worker(${JSON.stringify(inWorker)}, { eval: true, ...${worker} }).on('message', console.log)`
    const { NODE_OPTIONS, ...rest } = process.env
    assert.equal(await output([...flags, '-e', program], { ...rest, ...environment }), `${isNative}\n`)
  })
}

test('flags that the program removes from process.execArgv are still respected', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const program = `
    process.execArgv.length = 0
    const WebSocket = require(${JSON.stringify(require.resolve('../../index.js'))})
    const ws = new WebSocket.Client(${JSON.stringify(url)}, null, ${JSON.stringify({ ca: root.cert })})
    ws.on('open', () => {
      console.log(require(${TRANSPORT}).usesReactor(ws))
      ws.close()
    })`
  assert.equal(await output([FLAG, '-e', program]), 'false\n')
}, { skip: !KNOWS && 'only Linux reports the original flags' })

test('a Node built to trust the authorities of OpenSSL uses the native transport only if it lists them', async () => {
  const program = `
    const config = { ...process.config, target_defaults: { defines: ['NODE_OPENSSL_CERT_STORE'] } }
    Object.defineProperty(process, 'config', { value: config })
    const { planOf } = require(${JSON.stringify(require.resolve('../../lib/transport/tls.js'))})
    console.log(planOf({ host: 'localhost' }) !== null)`
  const { NODE_EXTRA_CA_CERTS, ...environment } = process.env
  assert.equal(await output(['-e', program], environment), `${'getCACertificates' in tls}\n`)
})

test('connections use the stream transport if a preloaded program has replaced functions of tls', async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tls-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  for (const name of ['connect', 'createSecureContext', 'checkServerIdentity', 'TLSSocket']) {
    const preload = path.join(directory, `${name}.js`)
    fs.writeFileSync(preload, `
      const tls = require('node:tls')
      const before = tls.${name}
      tls.${name} = function ${name} (...args) {
        return new.target ? new before(...args) : before.apply(this, args)
      }`)
    const seen = await inChild({ URL: url }, ['-r', preload], "ws.on('open', () => ws.close())")
    assert.deepEqual(seen, ['open false', 'close 1000'], name)
  }
})

support.test('the option transport: stream selects the TLS of Node', async (scope) => {
  const { url } = await serve(scope, WebSocket, { secure: local, onSocket: echoEach })
  const { isNative, isOpen, ws } = await attempt(scope, url, { ca: root.cert, transport: 'stream' })
  assert.deepEqual([isOpen, isNative], [true, false])
  assert.ok(ws._stream instanceof tls.TLSSocket)
})
