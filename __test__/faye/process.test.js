'use strict'

// What only a process of its own can show: exits, uncaught exceptions, memory, threads, many copies of the package.
// The functions given to `runChild` become text; they see their parameters and `require`, nothing else.

const assert = require('node:assert/strict')
const { dirname } = require('node:path')
const { Worker } = require('node:worker_threads')

const { WebSocket, subjectPath, usesOriginal } = require('../support/subject')
const { deviation, test } = require('../support/test')
const { runChild } = require('../support/child')
const { Codec } = require('../support/deflate')
const { accept, connectOpen, once, serve } = require('../support/peer')
const { closePayload, frame, fromClient, readFrames } = require('../support/wire')

const EXITS = {
  'outside a handler': (ws) => ws.on('open', () => setTimeout(() => {
    ws.send('bye')
    process.exit()
  }, 20)),
  'in the handler of open': (ws) => ws.on('open', () => {
    ws.send('bye')
    process.exit()
  }),
  'in the handler of a message': (ws) => ws.on('message', () => {
    ws.send('bye')
    process.exit()
  })
}
for (const [where, script] of Object.entries(EXITS)) {
  test(`send and process.exit ${where} delivers`, async (scope) => {
    const server = await accept(scope)
    const code = `(WebSocket, support, url) => { (${script})(new WebSocket.Client(url)) }`
    runChild(scope, code, { argument: server.url })
    const peer = await server.acceptedOpen()
    peer.write(frame('text', 'go'))
    assert.equal((await peer.frame()).payload.toString(), 'bye')
    await peer.ended()
  })
}

test('a process whose connection was failed by a session ends with its last socket', async (scope) => {
  const child = runChild(scope, (WebSocket, { connectOpen }, frame) => {
    const session = {
      generateResponse: () => ({}),
      processIncomingMessage (message, callback) { callback(new Error('no'), null) },
      processOutgoingMessage: (message, callback) => callback(null, message),
      close () {}
    }
    const bits = { rsv1: true, rsv2: false, rsv3: false }
    const extensions = [{ name: 'test', type: 'permessage', ...bits, createServerSession: () => session }]
    const server = require('node:http').createServer()
    server.on('upgrade', (request, socket, body) => {
      new WebSocket(request, socket, body, [], { extensions }).on('close', ({ code }) => console.log(code))
      server.close()
    })
    server.listen(0, '127.0.0.1', async () => {
      const { port } = server.address()
      const peer = await connectOpen({ defer () {} }, port, { 'Sec-WebSocket-Extensions': 'test' })
      peer.write(Buffer.from(frame, 'hex'))
      await peer.ended()
      peer.socket.destroy()
    })
  }, { argument: fromClient('text', 'a').toString('hex') })
  const { code, stdout, stderr } = await child.finished
  assert.deepEqual([code, stdout], [0, '1010\n'], stderr)
})

test('many sends, a close and process.exit deliver everything, from a server', async (scope) => {
  const child = runChild(scope, (WebSocket) => {
    const server = require('node:http').createServer()
    server.on('upgrade', (request, socket, body) => {
      const ws = new WebSocket(request, socket, body)
      ws.on('message', () => {
        for (let i = 0; i < 100; i++) ws.send(`message ${i}`)
        ws.close(3000, 'bye')
        process.exit(7)
      })
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))
  })
  await once(child.child.stdout, 'data')
  const peer = await connectOpen(scope, Number(child.stdout))
  peer.write(fromClient('text', 'go'))
  const frames = await peer.frames(101)
  assert.deepEqual(frames[99].payload.toString(), 'message 99')
  assert.deepEqual(frames[100].payload, closePayload(3000, 'bye'))
  assert.equal((await child.finished).code, 7)
})

/** What may be sent when the process ends, and the last that each peer gets. */
const FAREWELLS = {
  'a broadcast': ['(all, WebSocket) => WebSocket.broadcast(all, "bye")', 'bye'],
  'two broadcasts': ['(all, WebSocket) => ["first", "bye"].forEach((text) => WebSocket.broadcast(all, text))', 'bye'],
  'two messages to each': ['(all) => all.forEach((ws) => ["first", "bye"].forEach((text) => ws.send(text)))', 'bye'],
  'a message and a close': ['(all) => all.forEach((ws) => { ws.send("x"); ws.close() })', closePayload(1000)]
}

/** How a process may end, from the handler of a message. */
const EXIT_WAYS = {
  'process.exit in a handler': () => process.exit(),
  'process.exit in a tick': () => process.nextTick(() => process.exit()),
  'process.exit in a timer': () => setTimeout(() => process.exit(), 10),
  'process.exit in the middle of a broadcast': (all, WebSocket) => setTimeout(() => {
    all[40].send = () => {
      delete all[40].send
      process.exit()
    }
    WebSocket.broadcast(all, 'early')
  }, 10),
  'process.exit after a broadcast': (all, WebSocket) => {
    WebSocket.broadcast(all, 'early')
    process.exit()
  },
  'an exception in a handler': () => { throw new Error('mine') },
  'an exception in a timer': () => setTimeout(() => { throw new Error('mine') }, 10),
  'nothing that keeps it alive': (all, WebSocket, server) => {
    server.close()
    for (const ws of all) ws._stream.unref()
  }
}

/** A server in another process or thread, which tells its port by `tell`. The first message makes it end. */
const leaving = (way, farewell) => `(WebSocket, tell) => {
  // However many cores there are.
  process.env.FAYE_WEBSOCKET_WORKERS = '2'
  const all = []
  const server = require('node:http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    all.push(ws)
    ws.on('message', () => { (${way})(all, WebSocket, server) })
  })
  process.on('exit', () => { (${farewell})(all, WebSocket) })
  server.listen(0, '127.0.0.1', () => tell(server.address().port))
}`

async function assertFarewell (scope, port, last) {
  const peers = []
  for (let i = 0; i < 80; i++) peers.push(await connectOpen(scope, port))
  peers[79].write(fromClient('text', 'go'))
  for (const peer of peers) await peer.ended()
  const heard = peers.map((peer) => readFrames(peer.bytes).frames.at(-1)?.payload.equals(Buffer.from(last)))
  assert.equal(heard.filter(Boolean).length, 80)
}

for (const [what, [farewell, last]] of Object.entries(FAREWELLS)) {
  for (const [name, way] of Object.entries(EXIT_WAYS)) {
    deviation(`${what} in a listener of exit arrives after ${name}`, async (scope) => {
      const code = `(WebSocket) => (${leaving(way, farewell)})(WebSocket, console.log)`
      const child = runChild(scope, code)
      await once(child.child.stdout, 'data')
      await assertFarewell(scope, Number(child.stdout), last)
      assert.equal((await child.finished).code, name.startsWith('an exception') ? 1 : 0)
    })
  }

  deviation(`${what} in a listener of exit arrives from a worker thread`, async (scope) => {
    const code = `const WebSocket = require(${JSON.stringify(subjectPath)})
      const { parentPort } = require('node:worker_threads')
      ;(${leaving('() => process.exit()', farewell)})(WebSocket, (port) => parentPort.postMessage(port))`
    const worker = new Worker(code, { eval: true })
    scope.defer(() => worker.terminate())
    await assertFarewell(scope, await once(worker, 'message'), last)
  })
}

deviation('a large message that is to be compressed arrives from a listener of exit, whole', async (scope) => {
  const server = await accept(scope)
  runChild(scope, `(WebSocket, support, url) => {
    const extensions = [require(${JSON.stringify(require.resolve('../../lib/permessage-deflate'))})]
    const ws = new WebSocket.Client(url, null, { extensions })
    const large = Buffer.alloc(1 << 20, 'many words ')
    ws.on('open', () => process.exit())
    process.on('exit', () => [large, large, 'bye'].forEach((message) => ws.send(message)))
  }`, { argument: server.url })
  const peer = await server.acceptedOpen({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })
  await peer.ended()
  const codec = new Codec({ windowBits: 15, context: true })
  const messages = readFrames(peer.bytes).frames.map(({ payload }) => codec.inflate(payload))
  assert.deepEqual(messages.map(({ length }) => length), [1 << 20, 1 << 20, 3])
})

deviation('a program that emits exit itself goes on', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const scope = { defer: () => {} }
    let ws
    serve(scope, WebSocket, { onSocket: (each) => { ws = each } }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      const listeners = process.listeners('exit').length
      process.emit('exit', 0)
      await new Promise(setImmediate)
      const chunks = []
      peer.socket.on('data', (chunk) => chunks.push(chunk.length))
      for (let i = 0; i < 3; i++) ws.send('x')
      await peer.frames(3)
      console.log(process.listeners('exit').length === listeners, chunks.length < 3)
      process.exit()
    })
  }).finished
  assert.equal(stdout, 'true true\n')
})

const ENDS = {
  'a client that closes': (ws) => ws.on('open', () => ws.close()),
  'a client that closes with the ping option': (ws) => ws.on('open', () => ws.close()),
  'a client that closes at once': (ws) => ws.close(),
  'a client whose stream is destroyed': (ws) => ws.on('open', () => ws._stream.destroy()),
  'a client that has been sent much': (ws) => ws.on('open', () => {
    for (let i = 0; i < 20; i++) ws.send(Buffer.alloc(1 << 20))
    ws.close()
  }),
  'a client that was paused': (ws) => ws.on('open', () => {
    ws.pause()
    ws.close()
  })
}
for (const [name, script] of Object.entries(ENDS)) {
  const run = name === 'a client that was paused' ? deviation : test
  run(`the process ends by itself after ${name}`, async (scope) => {
    const { url } = await serve(scope, WebSocket)
    const options = name.includes('ping') ? '{ ping: 60 }' : '{}'
    const code = `(WebSocket, support, url) => {
      const ws = new WebSocket.Client(url, null, ${options});
      ws.on('close', () => console.log('closed'));
      (${script})(ws)
    }`
    const { code: exit, signal, stdout } = await runChild(scope, code, { argument: url }).finished
    assert.deepEqual([exit, signal, stdout], [0, null, 'closed\n'])
  })
}

test('the process ends by itself after handshakes that fail', async (scope) => {
  const { code, stdout } = await runChild(scope, (WebSocket) => {
    const server = require('node:http').createServer((request, response) => response.end())
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      let left = 3
      const closed = () => { if (--left === 0) server.close(() => console.log('done')) }
      for (const url of [`ws://127.0.0.1:${port}/`, 'ws://127.0.0.1:1/', `wss://127.0.0.1:${port}/`]) {
        new WebSocket.Client(url).on('close', closed)
      }
    })
  }).finished
  assert.deepEqual([code, stdout], [0, 'done\n'])
})

test('the process of a server ends by itself when all is closed', async (scope) => {
  const { code, stdout } = await runChild(scope, (WebSocket) => {
    const server = require('node:http').createServer((request, response) => {
      const es = new WebSocket.EventSource(request, response)
      es.on('open', () => es.close())
    })
    server.on('upgrade', (request, socket, body) => {
      const ws = new WebSocket(request, socket, body, null, { ping: 60 })
      ws.on('message', ({ data }) => ws.send(data))
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      const ws = new WebSocket.Client(`ws://127.0.0.1:${port}/`)
      ws.on('open', () => ws.send('Hi'))
      ws.on('message', () => ws.close())
      ws.on('close', () => require('node:http').get({ port, agent: false }, (response) => {
        response.resume()
        response.on('end', () => server.close(() => console.log('done')))
      }))
    })
  }).finished
  assert.deepEqual([code, stdout], [0, 'done\n'])
})

test('an idle connection keeps the process alive', async (scope) => {
  const server = await accept(scope)
  const child = runChild(scope, (WebSocket, support, url) => {
    new WebSocket.Client(url).on('close', () => console.log('closed'))
  }, { argument: server.url })
  const peer = await server.acceptedOpen()
  await scope.settle(400)
  assert.equal(child.child.exitCode, null)
  peer.write(frame('close', ''))
  assert.equal((await child.finished).code, 0)
})

deviation('messages behind a handler that throws need no further bytes', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient, closePayload } = require('./wire')
    const scope = { defer: () => {} }
    const errors = new Set()
    process.on('uncaughtException', (error) => {
      errors.add(error)
      console.log('uncaught', error.message, error.data)
    })
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.onmessage = ({ data }) => {
          console.log('message', data)
          if (data !== 'three') throw Object.assign(new Error('mine'), { data })
        }
        ws.on('close', ({ code }) => {
          console.log('close', code, errors.size)
          process.exit()
        })
      }
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      const texts = ['one', 'two', 'three'].map((text) => fromClient('text', text))
      peer.write(Buffer.concat([...texts, fromClient('close', closePayload(1000))]))
    })
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), [
    'message one', 'uncaught mine one', 'message two', 'uncaught mine two', 'message three', 'close 1000 2'
  ])
})

deviation('a listener of end that throws is followed by close', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const scope = { defer: () => {} }
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.on('end', () => { throw new Error('mine') })
        ws.on('close', ({ code }) => {
          console.log('close', code, ws.readable, ws.writable)
          setTimeout(process.exit, 50)
        })
      }
    }).then(async ({ port }) => (await connectOpen(scope, port)).socket.end())
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), ['close 1006 false false', 'uncaught mine'])
})

deviation('a handler that throws does not keep a refused proxy open', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket) => {
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    const proxy = require('node:net').createServer((socket) => {
      socket.on('close', () => console.log('hung up'))
      socket.once('data', () => socket.write('HTTP/1.1 407 Who are you?\r\n\r\n'))
    })
    proxy.listen(0, '127.0.0.1', () => {
      const origin = 'http://127.0.0.1:' + proxy.address().port
      const ws = new WebSocket.Client('ws://example.invalid/', null, { proxy: { origin } })
      ws.onerror = () => { throw new Error('mine') }
      ws.on('close', ({ code }) => {
        console.log('close', code)
        setTimeout(process.exit, 200)
      })
    })
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), ['close 1006', 'uncaught mine', 'hung up'])
})

deviation('a session that cannot close does not keep the connection open', async (scope) => {
  const { stdout } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient, closePayload } = require('./wire')
    const scope = { defer: () => {} }
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    const session = { generateResponse: () => ({}), close () { throw new Error('mine') } }
    const bits = { rsv1: false, rsv2: false, rsv3: false }
    const extension = { name: 'test', type: 'permessage', ...bits, createServerSession: () => session }
    serve(scope, WebSocket, {
      options: { extensions: [extension] },
      onSocket: (ws) => ws.on('close', ({ code }) => {
        console.log('close', code)
        setTimeout(process.exit, 50)
      })
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port, { 'Sec-WebSocket-Extensions': 'test' })
      peer.write(fromClient('close', closePayload(1000)))
    })
  }).finished
  assert.deepEqual(stdout.trim().split('\n'), ['close 1000', 'uncaught mine'])
})

deviation('a throw that nobody catches ends the process', async (scope) => {
  const { code, stderr } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    const scope = { defer: () => {} }
    serve(scope, WebSocket, { onSocket: (ws) => { ws.onmessage = () => { throw new Error('mine') } } })
      .then(async ({ port }) => {
        const peer = await connectOpen(scope, port)
        peer.write(fromClient('text', 'x'))
      })
  }).finished
  assert.equal(code, 1)
  assert.match(stderr, /Error: mine/)
})

deviation('any value may be thrown, by any callback', async (scope) => {
  const { stdout, code } = await runChild(scope, (WebSocket, { serve, connectOpen }) => {
    const { fromClient, closePayload } = require('./wire')
    const scope = { defer: () => {} }
    const thrown = []
    process.on('uncaughtException', (error) => thrown.push(error))
    const values = { open: undefined, message: null, data: 'text', ping: 5, close: Object.freeze({}) }
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.once('open', () => { throw values.open })
        ws.once('message', () => { throw values.message })
        ws.once('data', () => { throw values.data })
        ws.once('close', () => { throw values.close })
        ws.ping('a', () => { throw values.ping })
      }
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      const close = fromClient('close', closePayload(1000))
      for (const bytes of [fromClient('text', 'x'), fromClient('text', 'x'), fromClient('pong', 'a'), close]) {
        peer.write(bytes)
        await new Promise((resolve) => setTimeout(resolve, 40))
      }
      const expected = Object.values(values)
      console.log(thrown.length, expected.every((value) => thrown.includes(value)))
      process.exit()
    })
  }).finished
  assert.deepEqual([stdout, code], ['5 true\n', 0])
})

/** Runs in a worker: `workerData` is [path of the package, number of echoes]. */
function echoInWorker () {
  const { parentPort, workerData } = require('node:worker_threads')
  const WebSocket = require(workerData[0])
  const server = require('node:http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    ws.on('message', ({ data }) => ws.send(data))
  })
  server.listen(0, '127.0.0.1', () => {
    const ws = new WebSocket.Client(`ws://127.0.0.1:${server.address().port}/`)
    let left = workerData[1]
    ws.on('open', () => ws.send('x'.repeat(1000)))
    ws.on('message', ({ data }) => --left > 0 ? ws.send(data) : ws.close())
    ws.on('close', ({ code }) => {
      parentPort.postMessage(code)
      server.close()
    })
  })
}

function startWorker (echoes) {
  const worker = new Worker(`(${echoInWorker})()`, { eval: true, workerData: [subjectPath, echoes] })
  const result = { worker, codes: [], errors: [] }
  worker.on('message', (code) => result.codes.push(code))
  worker.on('error', (error) => result.errors.push(error))
  result.exited = new Promise((resolve) => worker.on('exit', resolve))
  return result
}

test('many worker threads load it at once, and end by themselves', async () => {
  const workers = Array.from({ length: 8 }, () => startWorker(20))
  const exits = await Promise.all(workers.map(({ exited }) => exited))
  assert.deepEqual(exits, new Array(8).fill(0))
  for (const { codes, errors } of workers) assert.deepEqual([codes, errors], [[1000], []])
}, { timeout: 40000 })

test('worker threads may be terminated at any time', async (scope) => {
  for (const wait of [0, 20, 40, 60, 90, 130, 200]) {
    const started = [startWorker(Infinity), startWorker(Infinity)]
    await scope.settle(wait)
    await Promise.all(started.map(({ worker }) => worker.terminate()))
    for (const { errors } of started) assert.deepEqual(errors, [])
  }
  const { codes, exited } = startWorker(2)
  assert.equal(await exited, 0)
  assert.deepEqual(codes, [1000])
}, { timeout: 40000 })

test('one thread may load it many times', async (scope) => {
  const root = usesOriginal ? dirname(dirname(dirname(subjectPath))) : dirname(subjectPath)
  const { code, stdout, stderr } = await runChild(scope, `async (WebSocket, { serve, connectOpen }, root) => {
    const { fromClient } = require('./wire')
    const cleanups = []
    const scope = { defer: (cleanup) => cleanups.push(cleanup) }
    const path = ${JSON.stringify(subjectPath)}
    const copies = new Set([WebSocket])
    for (let i = 0; i < 20; i++) {
      for (const file of Object.keys(require.cache)) {
        if (file.startsWith(root) && !file.includes('__test__')) delete require.cache[file]
      }
      copies.add(require(path))
    }
    console.log(copies.size, process.listenerCount('exit'))
    for (const copy of copies) {
      const { port } = await serve(scope, copy, { onSocket: (ws) => ws.on('message', ({ data }) => ws.send(data)) })
      const ws = new copy.Client('ws://127.0.0.1:' + port + '/')
      ws.on('open', () => ws.send('Hi'))
      await new Promise((resolve) => ws.on('message', resolve))
      ws.close()
      await new Promise((resolve) => ws.on('close', resolve))
    }
    for (const cleanup of cleanups) await cleanup()
    console.log('done')
  }`, { argument: root }).finished
  assert.equal(stderr, '')
  assert.match(stdout, /^21 [01]\ndone\n$/)
  assert.equal(code, 0)
})

// V8 takes memory in steps as it learns what it needs, so one step proves nothing. A leak of a kilobyte and a half per
// connection shows in every round.
// Node 24 takes some thousand cycles more than others to find the size of its heap.
const ROUNDS = 10
const CYCLES = { 'connect and close': 8000, 'handshakes that fail': 2500 }
for (const [name, cycles] of Object.entries(CYCLES)) {
  test(`memory is flat over ${cycles} cycles of ${name}`, async (scope) => {
    const { stdout, code, stderr } = await runChild(scope, async (WebSocket, { serve }, argument) => {
      const [name, rounds, count] = argument.split('|')
      const cleanups = []
      const { url } = await serve({ defer: (cleanup) => cleanups.push(cleanup) }, WebSocket, {
        onSocket: (ws) => ws.on('message', ({ data }) => ws.send(data))
      })
      const connect = () => new Promise((resolve, reject) => {
        const ws = new WebSocket.Client(url, null, { headers: { 'X-A': 'a' } })
        ws.on('open', () => {
          ws.ping('a', () => {})
          ws.send('Hi')
        })
        ws.on('message', () => ws.close())
        ws.on('close', ({ code }) => code === 1000 ? resolve() : reject(new Error(`closed with ${code}`)))
      })
      // Refused by what the server answers, and refused by our server.
      const { url: page } = await serve({ defer: () => {} }, WebSocket, {
        onUpgrade: (request, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      })
      const fail = () => new Promise((resolve) => {
        const ws = new WebSocket.Client(page)
        ws.on('close', () => {
          const socket = require('node:net').connect(new URL(url).port, '127.0.0.1')
          socket.end(require('./wire').upgradeRequest({ 'Sec-WebSocket-Version': '1' }))
          socket.resume().on('close', resolve)
        })
      })
      const one = name === 'connect and close' ? connect : fail
      const round = async () => {
        for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, one))
        for (let i = 0; i < 5; i++) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          global.gc()
        }
        const { rss, heapUsed, external } = process.memoryUsage()
        return { rss, heapUsed, external }
      }
      let before = await round()
      for (let i = 0; i < rounds; i++) {
        const after = await round()
        console.log(JSON.stringify(Object.keys(before).map((key) => after[key] - before[key])))
        before = after
      }
      process.exit()
    }, { argument: `${name}|${ROUNDS}|${cycles / ROUNDS}`, flags: ['--expose-gc'], timeout: 90000 }).finished
    assert.deepEqual([code, stderr], [0, ''])
    const growth = stdout.trim().split('\n').map(JSON.parse)
    assert.equal(growth.length, ROUNDS)
    const least = [0, 1, 2].map((index) => Math.min(...growth.map((round) => round[index])))
    const limit = 1500 * cycles / ROUNDS
    assert.ok(least.every((bytes) => bytes < limit), `rss, heap and external memory grew by at least ${least} a round`)
  }, { timeout: 100000 })
}

test('a child that is killed is an ordinary end', async (scope) => {
  const closes = []
  const { port } = await serve(scope, WebSocket, { onSocket: (ws) => ws.on('close', ({ code }) => closes.push(code)) })
  const child = runChild(scope, (WebSocket, support, port) => {
    new WebSocket.Client(`ws://127.0.0.1:${port}/`).on('open', () => console.log('open'))
  }, { argument: port })
  await once(child.child.stdout, 'data')
  child.child.kill('SIGKILL')
  await child.finished
  await scope.settle(50)
  assert.deepEqual(closes, [1006])
})
