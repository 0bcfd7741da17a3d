'use strict'

// The load of one connection does not delay others, its memory is bounded, and thousands of connections may be idle.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')

const { runChild } = require('../support/child')
const { startNativeServer, starts, test } = require('../support/native')
const { echoes } = require('../support/open')
const { eventually, once } = require('../support/peer')
const { usesReactor } = require('../support/transport')
const { fromClient } = require('../support/wire')

// Another process sends the flood, as fast as our process reads.
const FLOODS = {
  'small messages': (fromClient) => Buffer.concat(Array(20000).fill(fromClient('text', 'x'))),
  'large messages': (fromClient) => fromClient('binary', Buffer.alloc(4 << 20)),
  pings: (fromClient) => Buffer.concat(Array(20000).fill(fromClient('ping', ''))),
  'frames of one byte': (fromClient) => Buffer.concat([
    fromClient('binary', 'x', { fin: false }), ...Array(20000).fill(fromClient('continuation', 'x', { fin: false })),
    fromClient('continuation', '')
  ])
}
for (const [name, flood] of Object.entries(FLOODS)) {
  test(`a flood of ${name} delays neither timers nor another connection`, async (scope) => {
    const { open, port } = await startNativeServer(scope)
    const neighbour = await open()
    const child = runChild(scope, `(WebSocket, { connectOpen }, port) => {
      const { fromClient } = require('./wire')
      const bytes = (${flood})(fromClient)
      connectOpen({ defer: () => {} }, port).then(({ socket }) => {
        socket.removeAllListeners('data')
        socket.resume()
        const more = () => { while (socket.write(bytes)); }
        socket.on('drain', more)
        more()
      })
    }`, { argument: port })
    await scope.settle(500)
    const delays = { timer: [], neighbour: [] }
    for (let i = 0; i < 30; i++) {
      let begun = performance.now()
      await scope.settle(1)
      delays.timer.push(performance.now() - begun)
      begun = performance.now()
      const message = once(neighbour.ws, 'message')
      neighbour.peer.write(fromClient('text', 'x'))
      await message
      delays.neighbour.push(performance.now() - begun)
    }
    assert.equal(child.child.exitCode, null, child.stderr)
    // Other processes run on this machine too. The delays that we cause appear in most of the samples.
    for (const [what, all] of Object.entries(delays)) {
      const median = all.sort((a, b) => a - b)[20]
      assert.ok(median < 100, `${what}: ${median} ms`)
    }
  }, { timeout: 40000 })
}

for (const [role, start] of Object.entries(starts)) {
  test(`${role}: output for a peer that does not read is bounded, and we stop reading from it`, async (scope) => {
    const { open } = await start(scope)
    const connection = await open()
    const { frame, peer, socket, ws } = connection
    let most = 0
    ws.on('message', ({ data }) => {
      ws.send(data)
      most = Math.max(most, ws.bufferedAmount)
    })
    peer.socket.pause()
    const message = frame('binary', Buffer.alloc(1 << 18))
    let written = 0
    for (; written < 600; written++) {
      if (peer.write(message)) continue
      const drained = once(peer.socket, 'drain').then(() => true, () => true)
      if (!await Promise.race([drained, scope.settle(300)])) break
    }
    assert.ok(written < 600, 'the connection has read everything')
    const read = socket.bytesRead
    await scope.settle(100)
    assert.equal(socket.bytesRead, read)
    assert.ok(most <= 16 << 20, `${most} unwritten bytes`)
    assert.ok(usesReactor(ws))
    const neighbour = await open()
    await echoes(neighbour)
    const before = socket.bytesRead
    peer.socket.resume()
    await eventually(() => socket.bytesRead > before, 'bytes are read again')
  })
}

const WANTED = 10000
const LIMIT = limitOfDescriptors()

function limitOfDescriptors () {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  return limit === 'unlimited' ? Infinity : Number(limit)
}

const COUNT = Math.min(WANTED, LIMIT - 200)
const WHY = COUNT < WANTED ? ` (the limit is ${LIMIT} descriptors per process)` : ''

test(`${COUNT} idle connections${WHY} all reply and end`, async (scope) => {
  if (WHY) console.log(`# ${COUNT} connections instead of ${WANTED}${WHY}`)
  const server = runChild(scope, (WebSocket) => {
    const server = require('node:http').createServer()
    let [open, natives, closed] = [0, 0, 0]
    server.on('upgrade', (request, socket, body) => {
      const ws = new WebSocket(request, socket, body)
      open++
      if (require('./transport').usesReactor(ws)) natives++
      ws.on('message', ({ data }) => ws.send(`${ws.url.split('/').pop()} ${data}`))
      ws.on('close', () => closed++)
    })
    process.stdin.on('data', () => console.log(JSON.stringify({ open, natives, closed })))
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => console.log(server.address().port))
  }, { timeout: 100000 })
  await once(server.child.stdout, 'data')
  const generator = runChild(scope, (WebSocket, support, argument) => {
    const { fromClient, upgradeRequest } = require('./wire')
    const [port, count] = argument.split(' ').map(Number)
    const sockets = []
    let started = 0
    let answered = 0
    const mistakes = []
    const connect = () => {
      const name = started++
      if (name >= count) return
      const socket = require('node:net').connect(port, '127.0.0.1')
      sockets[name] = socket
      socket.write(upgradeRequest({}, { target: `/${name}` }))
      socket.once('data', () => {
        socket.on('data', (chunk) => {
          if (chunk.toString('latin1', 2) !== `${name} question ${name}`) mistakes.push(String(chunk))
          if (++answered === count) process.stdout.write(JSON.stringify({ answered, mistakes }) + '\n')
        })
        connect()
        if (sockets.length === count && name === count - 1) setTimeout(ask, 500)
      })
      socket.on('error', ({ message }) => mistakes.push(message))
    }
    const ask = () => sockets.forEach((socket, name) => socket.write(fromClient('text', `question ${name}`)))
    for (let i = 0; i < 50; i++) connect()
    process.stdin.on('data', () => process.exit())
  }, { argument: `${Number(server.stdout)} ${COUNT}`, timeout: 100000 })
  await once(generator.child.stdout, 'data', 80000)
  assert.deepEqual(JSON.parse(generator.stdout), { answered: COUNT, mistakes: [] })
  const ask = async () => {
    server.child.stdin.write('?\n')
    await once(server.child.stdout, 'data')
    return JSON.parse(server.stdout.trim().split('\n').at(-1))
  }
  assert.deepEqual(await ask(), { open: COUNT, natives: COUNT, closed: 0 })
  generator.child.stdin.write('leave\n')
  await generator.finished
  let state
  for (let i = 0; i < 60 && (state = await ask()).closed < COUNT; i++) await scope.settle(200)
  assert.deepEqual(state, { open: COUNT, natives: COUNT, closed: COUNT })
}, { timeout: 120000 })
