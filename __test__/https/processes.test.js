'use strict'

// Servers in workers of `cluster`, in threads, and over Unix sockets.

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const fs = require('node:fs')
const nodeHttps = require('node:https')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const tls = require('node:tls')
const { Worker } = require('node:worker_threads')

const https = require('../../lib/https')
const { UNAVAILABLE } = require('../support/native')
const { test } = require('../support/test')
const { local, root } = require('../support/tls')

const HTTPS = JSON.stringify(require.resolve('../../lib/https'))
const CLUSTER = `
  const cluster = require('node:cluster')
  if (cluster.isPrimary) {
    for (let count = 0; count < 2; count++) cluster.fork()
    let listening = 0
    cluster.on('listening', (worker, { port }) => { if (++listening === 2) process.send(port) })
    process.on('disconnect', () => process.exit())
  } else {
    const server = require(${HTTPS}).createServer(${JSON.stringify(local)}, ({ socket }, response) => {
      response.end(JSON.stringify([cluster.worker.id, server.isNative, socket.isSessionReused()]))
    })
    server.listen(0, '127.0.0.1')
  }`

test('workers of cluster share a port and resume the sessions of each other', async (scope) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cluster-'))
  scope.defer(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'cluster.js')
  fs.writeFileSync(file, CLUSTER)
  const child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  scope.defer(() => child.kill())
  const port = await new Promise((resolve) => child.once('message', resolve))
  const workers = new Set()
  let session
  for (let round = 0; round < 6; round++) {
    const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: root.cert, session })
    let text = ''
    client.on('session', (next) => { session = next })
    client.on('data', (chunk) => { text += chunk })
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await new Promise((resolve) => client.on('close', resolve))
    const [worker, isNative, isReused] = JSON.parse(text.slice(text.indexOf('[')).split('\r\n')[0])
    workers.add(worker)
    assert.deepEqual([isNative, isReused], [!UNAVAILABLE, round > 0])
  }
  assert.equal(workers.size, 2)
})

test('a thread serves, and may be terminated', async (scope) => {
  const worker = new Worker(`
    const server = require(${HTTPS}).createServer(${JSON.stringify(local)}, (request, response) => response.end('page'))
    server.listen(0, () => {
      require('node:worker_threads').parentPort.postMessage([server.address().port, server.isNative])
    })
  `, { eval: true })
  scope.defer(() => worker.terminate())
  const [port, isNative] = await new Promise((resolve) => worker.once('message', resolve))
  // On other systems, a thread cannot read how its process was started.
  assert.equal(isNative, !UNAVAILABLE && process.platform === 'linux')
  assert.equal(await page({ port, host: 'localhost' }), 'page')
  const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: root.cert })
  client.on('error', () => {})
  await new Promise((resolve) => client.once('secureConnect', resolve))
  const closed = new Promise((resolve) => client.once('close', resolve))
  client.resume()
  await worker.terminate()
  await closed
})

test('a server listens on a Unix socket', async (scope) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'unix-'))
  scope.defer(() => fs.rmSync(folder, { recursive: true }))
  const server = https.createServer(local, (request, response) => response.end('page'))
  scope.defer(() => server.close())
  const socketPath = path.join(folder, 'socket')
  await new Promise((resolve) => server.listen(socketPath, resolve))
  assert.equal(await page({ socketPath, servername: 'localhost' }), 'page')
}, { skip: process.platform === 'win32' && 'Windows has no Unix sockets' })

test('a socket that another server has accepted is decrypted', async (scope) => {
  const server = https.createServer(local, (request, response) => response.end('page'))
  const front = net.createServer((socket) => {
    socket.once('data', (chunk) => {
      socket.pause()
      socket.unshift(chunk)
      server.emit('connection', socket)
    })
  })
  scope.defer(() => front.close())
  await new Promise((resolve) => front.listen(0, resolve))
  assert.equal(await page({ port: front.address().port, host: 'localhost' }), 'page')
})

function page (options) {
  return new Promise((resolve, reject) => {
    nodeHttps.get({ ca: root.cert, agent: false, ...options }, async (response) => {
      resolve(String(Buffer.concat(await response.toArray())))
    }).on('error', reject)
  })
}
