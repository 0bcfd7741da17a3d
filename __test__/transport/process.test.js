'use strict'

// Connections and their process: whether they keep it alive, its end, and other processes.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { test } = require('../support/native')
const { accept, connectOpen, once } = require('../support/peer')
const { closePayload, fromClient } = require('../support/wire')

// Uses of a connection to an idle server, and whether the process then ends by itself.
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
  'an uncaught exception': 'throw new Error("mine")'
}
for (const [name, script] of Object.entries(EXITS)) {
  test(`${name} with many open connections ends the process normally`, async (scope) => {
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
    const isThrow = name === 'an uncaught exception'
    assert.deepEqual([code, signal], [isThrow ? 1 : 0, null])
    if (isThrow) assert.match(stderr, /Error: mine/)
    else assert.equal(stderr, '')
    for (const peer of peers) await peer.ended()
    const isSaid = name !== 'process.reallyExit in a handler' && !isThrow
    if (isSaid) assert.equal(String((await peers[0].frame()).payload), 'exit')
  })
}

test('the workers of a cluster share a port, and each uses its own reactor', async (scope) => {
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

test('a socket passed to another process uses the native transport there', async (scope) => {
  const child = runChild(scope, `(WebSocket) => {
    const { subjectPath } = require('./subject')
    const other = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`(${receiver})()`)}], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, SUBJECT: subjectPath }
    })
    const server = require('node:http').createServer()
    server.on('upgrade', ({ method, url, httpVersion, headers }, socket) => {
      // Otherwise Node reads here until the other process confirms that it has received the socket.
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
