'use strict'

// The threads that write wide batches: batches are written even if none or only some of the threads can start.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')

const { runChild } = require('../support/child')
const { connectOpen, once } = require('../support/peer')
const { fromClient } = require('../support/wire')
const { test } = require('../support/native')

/** More sockets than a batch needs to be wide. */
const SOCKETS = 80
const WANTED = 4
/** The first number of users without other processes. */
const FIRST_USER = 100000

/** Runs in its own process; if possible, as a user without other processes. */
function server (WebSocket) {
  const fs = require('node:fs')
  process.env.FAYE_WEBSOCKET_WORKERS = '4'
  const all = []
  const server = require('node:http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    all.push(ws)
    ws.on('message', ({ data }) => {
      if (data === 'broadcast') return setImmediate(() => WebSocket.broadcast(all, 'news'))
      if (data === 'broadcast at once') return WebSocket.broadcast(all, 'news')
      ws.send('answer')
      // One batch contains all messages that arrive during this loop.
      const begun = Date.now()
      while (data === 'question' && ws === all[0] && Date.now() - begun < 50);
    })
  })
  server.listen(0, '127.0.0.1', () => {
    // Starts the threads of libuv before the limit is set.
    fs.stat('/', () => {
      if (process.getuid() === 0) process.setuid(Number(process.argv[1]) + process.pid)
      console.log(server.address().port)
    })
  })
}

async function start (scope) {
  const child = runChild(scope, server, { timeout: 60000, argument: FIRST_USER })
  await once(child.child.stdout, 'data')
  const { pid } = child.child
  const peers = []
  for (let i = 0; i < SOCKETS; i++) peers.push(await connectOpen(scope, Number(child.stdout)))
  const names = () => fs.readdirSync(`/proc/${pid}/task`).map((task) => {
    try {
      return fs.readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8')
    } catch {
      return 'gone'
    }
  })
  return {
    child,
    peers,
    threads: () => names().length,
    workers: () => names().filter((name) => name.startsWith('faye-websocket')).length,
    allow: (threads) => execFileSync('prlimit', ['--pid', String(pid), `--nproc=${threads}:`], {
      ...(IS_ROOT && { uid: FIRST_USER + pid })
    })
  }
}

async function receive (peers, text) {
  const frames = await Promise.all(peers.map((peer) => peer.frame()))
  assert.deepEqual(new Set(frames.map(({ payload }) => String(payload))), new Set([text]))
}

const BATCHES = {
  'a broadcast': async (peers) => {
    peers[0].write(fromClient('text', 'broadcast'))
    await receive(peers, 'news')
  },
  'a broadcast in a handler': async (peers) => {
    peers[0].write(fromClient('text', 'broadcast at once'))
    await receive(peers, 'news')
  },
  'answers of many handlers': async (peers) => {
    for (const peer of peers) peer.write(fromClient('text', 'question'))
    await receive(peers, 'answer')
  }
}

/** The number of threads that may start, which is the number of workers that run. */
const LIMITS = { none: 0, one: 1, 'all but one': WANTED - 1 }

const SKIP = process.platform !== 'linux' ? 'prlimit needs Linux' : !hasPrlimit() && 'prlimit is not installed'
// The limit counts all threads of a user. Root has no limit.
const IS_ROOT = process.getuid?.() === 0

function hasPrlimit () {
  try {
    execFileSync('prlimit', ['--version'])
    return true
  } catch {
    return false
  }
}

for (const [name, allowed] of Object.entries(LIMITS)) {
  const skip = SKIP || (!IS_ROOT && allowed > 0 && 'the limit is exact only for a user without other processes')
  test(`with ${name} of the worker threads all output is written, and the rest start once allowed`, async (scope) => {
    const { allow, child, peers, threads, workers } = await start(scope)
    allow(allowed === 0 ? 1 : threads() + allowed)
    for (let round = 0; round < 3; round++) {
      for (const batch of Object.values(BATCHES)) await batch(peers)
      assert.equal(workers(), allowed)
    }
    allow(1000)
    for (let round = 0; workers() < WANTED; round++) {
      assert.ok(round < 100, `${workers()} workers`)
      await BATCHES['a broadcast'](peers)
      await scope.settle(50)
    }
    for (const batch of Object.values(BATCHES)) await batch(peers)
    assert.equal(child.stderr, '')
  }, { skip, timeout: 40000 })
}
