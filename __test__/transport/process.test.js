'use strict'

// What concerns a process: what keeps it alive, its end, other processes, and its share of time and memory.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { Worker } = require('node:worker_threads')

const { runChild } = require('../support/child')
const { subjectPath } = require('../support/subject')
const { accept, connectOpen, eventually, once } = require('../support/peer')
const { closePayload, fromClient } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { echoes } = require('../support/open')
const { startNativeServer, starts, test } = require('../support/native')

const SUPPORT = require.resolve('../support/peer')

// Each connects to the server at `url`, which does nothing. Whether the process ends by itself then.
const LIVES = {
  'an open connection': [false, () => {}],
  'an open connection whose socket is unreferenced': [true, (ws) => ws._stream.unref()],
  'a socket unreferenced and referenced again': [false, (ws) => {
    ws._stream.unref()
    ws._stream.ref()
  }],
  'a socket unreferenced twice': [true, (ws) => {
    ws._stream.unref()
    ws._stream.unref()
  }],
  'a socket that is destroyed': [true, (ws) => ws._stream.destroy()],
  'a socket that is unreferenced and given back': [true, (ws) => {
    ws._stream.unref()
    ws._stream.on('data', () => {})
  }],
  'a socket that is given back': [false, (ws) => ws._stream.on('data', () => {})],
  'a socket that is given back and unreferenced': [true, (ws) => {
    ws._stream.on('data', () => {})
    ws._stream.unref()
  }],
  'a paused connection': [false, (ws) => ws.pause()]
}
for (const [name, [ends, script]] of Object.entries(LIVES)) {
  test(`${name} ${ends ? 'lets the process end' : 'keeps the process alive'}`, async (scope) => {
    const server = await accept(scope)
    const code = `(WebSocket, support, url) => {
      const ws = new WebSocket.Client(url)
      ws.on('open', () => {
        if (!require('./transport').usesReactor(ws)) throw new Error('not native')
        console.log('open');
        (${script})(ws)
      })
    }`
    const child = runChild(scope, code, { argument: server.url })
    const peer = await server.acceptedOpen()
    await once(child.child.stdout, 'data')
    if (ends) {
      const { code, stderr } = await child.finished
      assert.deepEqual([code, stderr], [0, ''])
    } else {
      await scope.settle(400)
      assert.equal(child.child.exitCode, null)
      peer.socket.destroy()
    }
  })
}

const EXITS = {
  'process.exit in a handler': 'process.exit(0)',
  'process.exit in a tick of a handler': 'process.nextTick(() => process.exit(0))',
  'process.exit outside': 'setTimeout(() => process.exit(0), 20)',
  'process.reallyExit in a handler': 'process.reallyExit(0)',
  'a throw that nobody catches': 'throw new Error("mine")'
}
for (const [name, script] of Object.entries(EXITS)) {
  test(`${name} with many open connections is an ordinary end`, async (scope) => {
    const child = runChild(scope, `(WebSocket) => {
      const server = require('node:http').createServer()
      server.on('upgrade', (request, socket, body) => {
        const ws = new WebSocket(request, socket, body)
        if (!require('./transport').usesReactor(ws)) throw new Error('not native')
        ws.on('message', ({ data }) => {
          ws.send(data)
          if (data === 'exit') { ${script} }
        })
      })
      server.listen(0, '127.0.0.1', () => console.log(server.address().port))
    }`)
    await once(child.child.stdout, 'data')
    const peers = []
    for (let i = 0; i < 20; i++) peers.push(await connectOpen(scope, Number(child.stdout)))
    for (const peer of peers) peer.write(fromClient('text', 'x'))
    for (const peer of peers) await peer.frame()
    for (const peer of peers) peer.write(fromClient('text', 'exit'))
    const { code, signal, stderr } = await child.finished
    const isThrow = name.startsWith('a throw')
    assert.deepEqual([code, signal], [isThrow ? 1 : 0, null])
    if (isThrow) assert.match(stderr, /Error: mine/)
    else assert.equal(stderr, '')
    for (const peer of peers) await peer.ended()
    const isSaid = name !== 'process.reallyExit in a handler' && !isThrow
    if (isSaid) assert.equal(String((await peers[0].frame()).payload), 'exit')
  })
}

test('handlers that throw among many connections are heard once each, the rest is delivered', async (scope) => {
  const { stdout, stderr } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    const scope = { defer: () => {} }
    const uncaught = []
    const received = []
    process.on('uncaughtException', (error) => uncaught.push(error))
    const thrown = []
    let natives = 0
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        const name = natives++
        if (!require('./transport').usesReactor(ws)) process.exit(3)
        ws.on('message', ({ data }) => {
          received.push(`${name} ${data}`)
          ws.send(data)
          if (data % 2 === 0) return
          const error = new Error(`${name} ${data}`)
          thrown.push(error)
          throw error
        })
      }
    }).then(async ({ port }) => {
      const peers = []
      for (let i = 0; i < 4; i++) peers.push(await connectOpen(scope, port))
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const peer of peers) peer.write(Buffer.concat([0, 1, 2, 3, 4].map((i) => fromClient('text', String(i)))))
      const replies = []
      for (const peer of peers) replies.push((await peer.frames(5)).map(({ payload }) => String(payload)).join(''))
      const same = uncaught.length === thrown.length && uncaught.every((error, index) => error === thrown[index])
      const each = [0, 1, 2, 3].map((name) => received.filter((text) => text.startsWith(`${name} `)).join(','))
      console.log(JSON.stringify({ uncaught: uncaught.map(({ message }) => message), same, each, replies }))
      process.exit()
    })
  }).finished
  assert.equal(stderr, '')
  const { uncaught, same, each, replies } = JSON.parse(stdout)
  assert.deepEqual(uncaught, [0, 1, 2, 3].flatMap((name) => [`${name} 1`, `${name} 3`]))
  assert.equal(same, true)
  assert.deepEqual(each, [0, 1, 2, 3].map((name) => [0, 1, 2, 3, 4].map((i) => `${name} ${i}`).join(',')))
  assert.deepEqual(replies, new Array(4).fill('01234'))
})

/** Runs in a process or a thread of its own. */
async function receiveMany (WebSocket, { serve, connectOpen }, done) {
  const { fromClient } = require('./wire')
  const scope = { defer: () => {} }
  const [connections, each] = [128, 1024]
  const received = Array(connections).fill(0)
  const uncaught = []
  process.on('uncaughtException', ({ message }) => uncaught.push(message))
  let opened = 0
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      const name = opened++
      if (!require('./transport').usesReactor(ws)) process.exit(3)
      ws.on('message', () => { received[name]++ })
    }
  })
  const peers = []
  for (let i = 0; i < connections; i++) peers.push(await connectOpen(scope, port))
  const bytes = Buffer.concat(Array(each).fill(fromClient('text', '')))
  for (const peer of peers) peer.write(bytes)
  // Longer than the kernel takes: one turn finds them all.
  const begun = Date.now()
  while (Date.now() - begun < 300);
  while (uncaught.length === 0 && received.some((count) => count < each)) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  done(received.every((count) => count === each) || uncaught[0])
  process.exit()
}

test('tens of thousands of messages that arrive on many connections at once are all delivered', async (scope) => {
  const code = `(WebSocket, support) => (${receiveMany})(WebSocket, support, console.log)`
  const { stdout, stderr } = await runChild(scope, code).finished
  assert.deepEqual([stdout, stderr], ['true\n', ''])
})

test('so they are in a worker with a small stack', async (scope) => {
  const code = `const { createRequire } = require('node:module')
    require = createRequire(${JSON.stringify(SUPPORT)})
    ;(${receiveMany})(require(${JSON.stringify(subjectPath)}), require(${JSON.stringify(SUPPORT)}),
      (result) => require('node:worker_threads').parentPort.postMessage(result))`
  // Node starts with little less.
  const worker = new Worker(code, { eval: true, resourceLimits: { stackSizeMb: 0.3 } })
  scope.defer(() => worker.terminate())
  const failed = new Promise((resolve, reject) => worker.once('error', reject))
  assert.equal(await Promise.race([once(worker, 'message', 15000), failed]), true)
})

test('the handlers of one batch have their time once, in however many parts it is delivered', async (scope) => {
  const { stdout, stderr } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    const scope = { defer: () => {} }
    const connections = 8
    let handled = 0
    serve(scope, WebSocket, {
      onSocket: (ws) => ws.on('message', () => {
        // Before what is left of a connection's messages, which asks for its turn later.
        if (handled++ === 0) setImmediate(() => { console.log(handled); process.exit() })
        const begun = performance.now()
        while (performance.now() - begun < 1);
      })
    }).then(async ({ port }) => {
      const peers = []
      for (let i = 0; i < connections; i++) peers.push(await connectOpen(scope, port))
      const bytes = Buffer.concat(Array(1000).fill(fromClient('text', '')))
      for (const peer of peers) peer.write(bytes)
      // Longer than the kernel takes: one batch finds them all.
      const begun = Date.now()
      while (Date.now() - begun < 300);
    })
  }).finished
  assert.equal(stderr, '')
  // 20 ms of at least one each, and what is between two looks at the clock.
  assert.ok(Number(stdout) > 0 && Number(stdout) <= 60, `${stdout} handlers`)
})

test('the workers of a cluster share a port, and each has its reactor', async (scope) => {
  const child = runChild(scope, `(WebSocket) => {
    const cluster = require('node:cluster')
    cluster.setupPrimary({ exec: __filename, execArgv: ['-e', ${JSON.stringify(`(${clusterWorker})()`)}] })
    const { subjectPath } = require('./subject')
    const workers = [1, 2].map(() => cluster.fork({ SUBJECT: subjectPath }))
    let left = 2
    for (const worker of workers) worker.on('listening', ({ port }) => --left === 0 && console.log(port))
    process.on('SIGTERM', () => {
      for (const worker of workers) worker.process.kill()
      process.exit()
    })
  }`)
  scope.defer(() => child.child.kill())
  await once(child.child.stdout, 'data')
  const port = Number(child.stdout)
  const ids = new Set()
  for (let i = 0; i < 12; i++) {
    const peer = await connectOpen(scope, port)
    peer.write(fromClient('text', 'who'))
    const [id, native] = String((await peer.frame()).payload).split(' ')
    assert.equal(native, 'true')
    ids.add(id)
  }
  assert.equal(ids.size, 2)
})

function clusterWorker () {
  const WebSocket = require(process.env.SUBJECT)
  const { usesReactor } = require('./transport')
  const server = require('node:http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    ws.on('message', () => ws.send(`${process.pid} ${usesReactor(ws)}`))
  })
  server.listen(0, '127.0.0.1')
}

test('a socket passed to another process is taken there', async (scope) => {
  const child = runChild(scope, `(WebSocket) => {
    const { subjectPath } = require('./subject')
    const other = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`(${receiver})()`)}], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, SUBJECT: subjectPath }
    })
    const server = require('node:http').createServer()
    server.on('upgrade', ({ method, url, httpVersion, headers }, socket) => {
      // Else Node goes on reading here until the other process has said that it has the socket.
      socket.pause()
      socket._handle.readStop()
      other.send({ method, url, httpVersion, headers }, socket)
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))
    process.on('SIGTERM', () => {
      other.kill()
      process.exit()
    })
  }`)
  scope.defer(() => child.child.kill())
  await once(child.child.stdout, 'data')
  for (let i = 0; i < 5; i++) {
    const peer = await connectOpen(scope, Number(child.stdout))
    const text = 'x'.repeat(i * 50000)
    peer.write(fromClient('text', text))
    assert.equal(String((await peer.frame()).payload), `true ${text}`)
    peer.write(fromClient('close', closePayload(1000)))
    assert.equal((await peer.frame()).type, 'close')
    await peer.ended()
  }
})

function receiver () {
  const WebSocket = require(process.env.SUBJECT)
  const { usesReactor } = require('./transport')
  process.on('message', (request, socket) => {
    const ws = new WebSocket({ ...request, socket, connection: socket }, socket, Buffer.alloc(0))
    ws.on('message', ({ data }) => ws.send(`${usesReactor(ws)} ${data}`))
  })
  process.on('disconnect', () => process.exit())
}

// The flood comes from another process, as fast as it can be read.
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
    // Other processes have this machine too: what we cause is what most of them have.
    for (const [what, all] of Object.entries(delays)) {
      const median = all.sort((a, b) => a - b)[20]
      assert.ok(median < 100, `${what}: ${median} ms`)
    }
  }, { timeout: 40000 })
}

for (const [role, start] of Object.entries(starts)) {
  test(`${role}: what waits for a peer that does not read is bounded, and no more is read from it`, async (scope) => {
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
    assert.ok(written < 600, 'all was read')
    const read = socket.bytesRead
    await scope.settle(100)
    assert.equal(socket.bytesRead, read)
    assert.ok(most <= 16 << 20, `${most} bytes wait`)
    assert.ok(usesReactor(ws))
    const neighbour = await open()
    await echoes(neighbour)
    const before = socket.bytesRead
    peer.socket.resume()
    await eventually(() => socket.bytesRead > before, 'it is read again')
  })
}

const WANTED = 10000
const LIMIT = limitOfDescriptors()

function limitOfDescriptors () {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  return limit === 'unlimited' ? Infinity : Number(limit)
}

const COUNT = Math.min(WANTED, LIMIT - 200)
const WHY = COUNT < WANTED ? ` (a process may have ${LIMIT} descriptors here)` : ''

test(`${COUNT} idle connections${WHY}: each answers, and all end`, async (scope) => {
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
