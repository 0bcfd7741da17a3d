'use strict'

// The kernel reuses the number of a descriptor as soon as it is closed. No byte may reach the next owner.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const net = require('node:net')
const { Worker } = require('node:worker_threads')

const { subjectPath } = require('../support/subject')
const { Peer, accept, eventually } = require('../support/peer')
const { closePayload, fromClient, readFrames, upgradeRequest } = require('../support/wire')
const { startNativeServer, test } = require('../support/native')

const TRANSPORT = require.resolve('../support/transport')

const CYCLES = 3000
const AT_A_TIME = 30

/** A generator with the same numbers in every run. */
function random (seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
}

const ENDS = [
  ({ socket }) => socket.destroy(),
  ({ socket }) => socket.resetAndDestroy ? socket.resetAndDestroy() : socket.destroy(),
  ({ socket }) => socket.end(),
  ({ socket, ws }) => {
    ws.close()
    socket.destroy()
  },
  ({ ws }) => ws.close()
]

test(`no bytes of ${CYCLES} ended connections reach files or sockets that reuse their numbers`, async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'native-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const next = random(1)
  const files = new Map()
  const strangers = []
  const problems = []
  let reused = 0
  let opened = 0

  // Opens a file, or a connection to a stranger, on the number that has just become free. The kernel refuses to send to
  // files and to sockets that are still connecting. Unix domain sockets connect at once.
  const greeting = 'x'.repeat(100)
  const silent = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => problems.push(`a stranger sent ${chunk}`))
    socket.write(greeting)
  })
  const address = path.join(directory, 'socket')
  await new Promise((resolve) => silent.listen({ path: address, backlog: 511 }, resolve))
  scope.defer(() => new Promise((resolve) => silent.close(resolve)))
  let greeted = 0
  const occupy = (number) => {
    if (next(2) === 0) {
      const stranger = net.connect(address)
      let text = ''
      stranger.on('error', ({ code, message }) => {
        // Too many connections at a time.
        if (code === 'EAGAIN') opened--
        else problems.push(`a stranger: ${message}`)
      })
      stranger.on('data', (chunk) => {
        text += chunk
        if (!greeting.startsWith(text)) problems.push(`a stranger got ${text}`)
        if (text !== greeting) return
        greeted++
        setTimeout(() => stranger.destroy(), 30)
      })
      if (stranger._handle && stranger._handle.fd === number) reused++
      opened++
      strangers.push(stranger)
      return
    }
    const file = path.join(directory, `${files.size}`)
    const descriptor = fs.openSync(file, 'w')
    if (descriptor === number) reused++
    files.set(file, descriptor)
  }

  const { port } = await startNativeServer(scope, {
    onSocket: (ws, { socket }) => {
      const name = ws.url.split('/').pop()
      const { fd } = socket._handle
      const end = ENDS[next(ENDS.length)]
      let left = next(5)
      ws.on('message', ({ data }) => {
        if (!data.startsWith(name + ' ')) problems.push(`${name} has received ${data.slice(0, 40)}`)
        ws.send(`${name} answers ${data}`)
        if (left-- > 0) return
        end({ socket, ws })
        occupy(fd)
        ws.send(`${name} is late`)
      })
      ws.on('close', () => occupy(fd))
    }
  })

  const cycle = (name) => new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const peer = new Peer(socket)
    // The request and all messages in one packet: many bytes are under way when the connection ends.
    const count = 1 + next(8)
    const text = (_, i) => fromClient('text', `${name} ${i} ${'x'.repeat(next(300))}`)
    const messages = Array.from({ length: count }, text)
    socket.write(Buffer.concat([Buffer.from(upgradeRequest({}, { target: `/${name}` })), ...messages]))
    if (next(2) === 0) setTimeout(() => socket.end(fromClient('close', closePayload(1000))), next(15))
    else setTimeout(() => socket.destroy(), 10 + next(40))
    socket.on('close', () => {
      const end = peer.bytes.indexOf('\r\n\r\n')
      if (end >= 0) check(name, peer.bytes.subarray(end + 4), problems)
      else if (peer.bytes.length > 0) problems.push(`${name} got ${peer.bytes}`)
      resolve()
    })
  })

  let started = 0
  const lane = async () => {
    while (started < CYCLES) {
      await cycle(`c${started++}`)
      if (files.size > 200) closeFiles()
    }
  }
  const closeFiles = () => {
    for (const [file, descriptor] of files) {
      const { size } = fs.fstatSync(descriptor)
      if (size > 0) problems.push(`${size} bytes in ${file}: ${fs.readFileSync(file, 'latin1').slice(0, 60)}`)
      fs.closeSync(descriptor)
    }
    files.clear()
  }
  scope.defer(() => { for (const stranger of strangers) stranger.destroy() })
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
  closeFiles()
  await eventually(() => greeted >= opened, 'all strangers receive their greeting')
  await scope.settle(50)
  assert.deepEqual(problems.slice(0, 5), [])
  assert.ok(opened > 500, `${opened} strangers`)
  assert.ok(reused > CYCLES / 10, `a number was reused only ${reused} times`)
}, { timeout: 120000 })

/** Records a problem unless this connection has received only its own answers, in order. */
function check (name, bytes, problems) {
  const { frames, rest } = readFrames(bytes)
  const texts = frames.filter(({ type }) => type === 'text').map(({ payload }) => String(payload))
  texts.forEach((text, index) => {
    if (!text.startsWith(`${name} answers ${name} ${index} `)) problems.push(`${name} got ${text.slice(0, 60)}`)
  })
  if (frames.some(({ type }) => type !== 'text' && type !== 'close')) problems.push(`${name} got other frames`)
  if (rest.length > 0 && !/^[\x80-\x8f]/.test(rest.toString('latin1'))) problems.push(`${name} got no frame: ${rest}`)
}

/** Runs in a worker: connections whose two ends send their own name to each other without pause. */
function chatter () {
  const { parentPort, workerData } = require('node:worker_threads')
  const WebSocket = require(workerData.subject)
  const { usesReactor } = require(workerData.transport)
  const server = require('node:http').createServer()
  const fail = (text) => parentPort.postMessage(text)
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    if (!usesReactor(ws)) fail('not native')
    ws.on('message', ({ data }) => ws.send(data))
  })
  server.listen(0, '127.0.0.1', () => {
    for (let i = 0; i < 6; i++) {
      const url = `ws://127.0.0.1:${server.address().port}/`
      const ws = new WebSocket.Client(url)
      const text = `connection ${i} `.repeat(1 + i * 20)
      ws.on('open', () => {
        if (i === 0) parentPort.postMessage('open')
        for (let j = 0; j < 4; j++) ws.send(text)
      })
      ws.on('message', ({ data }) => data === text ? ws.send(text) : fail(data))
    }
  })
}

const WORKERS = 100

test(`no bytes of ${WORKERS} terminated workers reach files or sockets that reuse their numbers`, async (scope) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'native-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true }))
  const problems = []
  const { port, accepted } = await accept(scope)

  // This thread opens files and sockets on the free numbers, and checks what was written to them.
  let isDone = false
  let taken = 0
  const take = async () => {
    while (!isDone) {
      const descriptors = []
      for (let i = 0; i < 25; i++) {
        const file = path.join(directory, String(taken++))
        descriptors.push([file, fs.openSync(file, 'w+')])
      }
      const ends = []
      for (let i = 0; i < 10; i++) ends.push(new Peer(net.connect(port, '127.0.0.1')))
      for (let i = 0; i < 10; i++) ends.push(await accepted())
      await scope.settle(4)
      for (const [file, descriptor] of descriptors) {
        const { size } = fs.fstatSync(descriptor)
        if (size > 0) problems.push(`${size} bytes in a file: ${fs.readFileSync(file, 'latin1').slice(0, 60)}`)
        fs.closeSync(descriptor)
        fs.unlinkSync(file)
      }
      for (const { bytes } of ends) if (bytes.length > 0) problems.push(`a socket got ${bytes}`)
      for (const peer of ends) peer.socket.destroy()
    }
  }
  const taking = take()

  const next = random(2)
  let opened = 0
  const one = async () => {
    const worker = new Worker(`(${chatter})()`, {
      eval: true, workerData: { subject: subjectPath, transport: TRANSPORT }
    })
    worker.on('error', (error) => problems.push(error.stack))
    const open = new Promise((resolve) => worker.on('message', (text) => {
      if (text !== 'open') problems.push(text)
      resolve()
    }))
    await open
    opened++
    await scope.settle(next(12))
    await worker.terminate()
  }
  for (let i = 0; i < WORKERS; i += 2) await Promise.all([one(), one()])
  isDone = true
  await taking
  assert.deepEqual(problems.slice(0, 5), [])
  assert.equal(opened, WORKERS)
  assert.ok(taken > 500, `${taken} files`)
}, { timeout: 180000 })
