'use strict'

// Runs in its own process, because domains and zones change Node permanently. For each case of argv, creates a
// connection in a context, runs the case, and prints the handlers that were called with their contexts, or the contexts
// in which their exceptions were reported.

const assert = require('node:assert/strict')
const { createHook } = require('node:async_hooks')
const { kind, role, isThrowing, counts, isNative, isLate } = JSON.parse(process.argv[2])

const KINDS = {
  als () {
    const { AsyncLocalStorage } = require('node:async_hooks')
    const storage = new AsyncLocalStorage()
    const current = () => storage.getStore()
    process.on('uncaughtException', (error) => surfaced(error, current()))
    return { current, run: (name, work) => storage.run(name, work) }
  },

  domain () {
    const domain = require('node:domain')
    process.on('uncaughtException', (error) => surfaced(error, 'none'))
    const domains = {}
    const run = (name, work) => {
      if (domains[name] === undefined) {
        domains[name] = domain.create()
        domains[name].name = name
        domains[name].on('error', (error) => surfaced(error, name))
      }
      return domains[name].run(work)
    }
    return { current: () => process.domain?.name, run, domains }
  },

  zone () {
    require('zone.js/node')
    const { Zone } = globalThis
    process.on('uncaughtException', (error) => surfaced(error, 'none'))
    const onHandleError = (delegate, current, target, error) => surfaced(error, target.name)
    const zones = {}
    const run = (name, work) => {
      zones[name] ??= Zone.root.fork({ name, onHandleError })
      return zones[name].run(work)
    }
    return { current: () => Zone.current.name, run }
  }
}

/** The actions of each case on an open connection. */
const CASES = {
  async open () {},

  async 'two messages in one chunk' ({ peer, frame }) {
    peer.write(Buffer.concat([frame('text', 'one'), frame('text', 'two')]))
  },

  async 'a message after a pause' ({ peer, frame, ws }) {
    ws.pause()
    peer.write(Buffer.concat([frame('text', 'hello'), frame('ping', 'read')]))
    await turns(10)
    context.run('other', () => ws.resume())
  },

  async 'a close frame' ({ peer, frame }) {
    peer.write(frame('close', closePayload(1000)))
  },

  async 'our close' ({ peer, frame, ws }) {
    context.run('other', () => ws.close())
    await peer.frame()
    peer.write(frame('close', closePayload(1000)))
  },

  async 'our close without an answer' ({ ws }) {
    context.run('other', () => ws.close())
  },

  async 'a violation' ({ peer, frame }) {
    peer.write(frame('text', Buffer.from([0xff])))
  },

  async 'the end of the peer' ({ peer }) {
    peer.socket.end()
  },

  async 'a reset' ({ peer }) {
    peer.socket.resetAndDestroy()
  },

  async 'a pong' ({ peer, frame, ws }) {
    context.run('given', () => ws.ping('x', handler('callback')))
    await peer.frame()
    peer.write(frame('pong', 'x'))
  },

  async 'a ping without an answer' ({ peer, frame, ws }) {
    context.run('given', () => ws.ping('x', handler('callback')))
    peer.write(frame('close', closePayload(1000)))
  },

  async 'a tick that a handler schedules' ({ peer, frame, ws }) {
    ws.onmessage = () => process.nextTick(handler('tick'))
    peer.write(frame('text', 'hello'))
  },

  async drain ({ peer, ws }) {
    peer.socket.pause()
    context.run('other', () => fill(ws))
    context.run('made', () => ws.on('drain', handler('drain')))
    peer.socket.resume()
  },

  async sends ({ ws, another }) {
    context.run('other', () => another.send('first in this tick'))
    context.run('other', () => another.send('waits for the end of the tick'))
    context.run('given', () => ws.send('first', handler('callback')))
    context.run('given', () => ws.send('second', handler('callback')))
    context.run('given', () => ws.send(WebSocket.prepare('third'), handler('callback')))
    context.run('given', () => ws.send(new Blob(['fourth']), handler('callback')))
    context.run('given', () => ws.send('fifth', handler('callback')))
  },

  async 'sends that are refused' ({ ws }) {
    context.run('other', () => ws.close())
    context.run('given', () => ws.send('refused', handler('callback')))
  },

  async 'sends that are lost' ({ peer, ws }) {
    peer.socket.pause()
    fill(ws)
    context.run('given', () => ws.send('lost', handler('callback')))
    ws.onclose = null
    context.run('other', () => ws.terminate())
  },

  async 'a Blob that cannot be read' ({ ws }) {
    const blob = new Blob(['x'])
    blob.arrayBuffer = () => Promise.reject(new Error('cannot'))
    context.run('given', () => ws.send(blob, handler('callback')))
  },

  async 'a loop over messages' ({ peer, frame, ws }) {
    ws.onmessage = null
    // Node calls the hooks twice for an unhandled rejection.
    counting.disable()
    context.run('given', async () => {
      // eslint-disable-next-line no-unused-vars -- one is enough
      for await (const message of ws) {
        ws.onclose = null
        return handler('loop')()
      }
    })
    peer.write(frame('text', 'hello'))
  },

  async 'a domain of the socket' ({ peer, frame, ws }) {
    context.domains.given.add(ws._stream)
    peer.write(frame('text', 'hello'))
  },

  async 'a domain of the connection' ({ peer, frame, ws }) {
    ws.onmessage = null
    context.domains.given.add(ws)
    ws.on('message', handler('message'))
    peer.write(frame('text', 'hello'))
  }
}

// A late guest is loaded after this package.
if (isLate) require('../..')
const context = KINDS[kind]()
const WebSocket = require('../..')
const { accept, connectOpen, serve } = require('../support/peer')
const { closePayload, frame, fromClient } = require('../support/wire')
const { usesReactor } = require('../support/transport')
const { Blob } = require('node:buffer')
const scope = { defer () {} }
let calls = []

// Domains also count, and Node 18 ends the process when they miscount.
const running = new Map()
const counting = createHook({
  before: (id) => running.set(id, (running.get(id) ?? 0) + 1),
  after (id) {
    const count = (running.get(id) ?? 0) - 1
    running.set(id, count)
    if (count < 0) calls.push('the after hook is called twice for one scope')
  }
}).enable()

function handler (name) {
  return () => {
    if (isThrowing) throw new Error(name)
    calls.push(`${name}: ${context.current()}`)
  }
}

function surfaced (error, where) {
  calls.push(isThrowing ? `${error.message}: ${where}` : error.stack)
}

async function turns (count) {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1))
}

function fill (ws) {
  while (ws.send(Buffer.alloc(1 << 20)));
}

/** Opens a connection in a context, and returns it with its peer. */
async function open () {
  const made = (make) => context.run('made', () => {
    const ws = make()
    for (const name of ['open', 'message', 'error', 'close']) ws['on' + name] = handler(name)
    return ws
  })
  const options = { closeTimeout: 0.1 }
  if (role === 'client') {
    const server = await accept(scope)
    const ws = made(() => new WebSocket.Client(server.url, [], options))
    return { peer: await server.acceptedOpen(), frame, ws }
  }
  const sockets = []
  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (...args) => sockets.push(made(() => new WebSocket(...args, [], options)))
  })
  return { peer: await connectOpen(scope, port), frame: fromClient, ws: sockets[0] }
}

/** Waits for this many calls, and then for some turns of the event loop. */
async function quiet (count) {
  for (let i = 0; calls.length < count && i < 5000; i++) await turns(1)
  await turns(10)
}

async function main () {
  const result = {}
  for (const [name, count] of Object.entries(counts)) {
    const connection = await open()
    const another = (await open()).ws
    while (connection.ws.readyState + another.readyState < 2) await turns(1)
    await turns(2)
    if (name !== 'open') calls = []
    connection.another = another
    assert.equal(usesReactor(connection.ws), isNative)
    await CASES[name](connection)
    await quiet(count)
    result[name] = calls
    calls = []
    connection.ws.onclose = another.onclose = null
    connection.ws.terminate()
    another.terminate()
  }
  console.log(JSON.stringify(result))
  process.exit(0)
}

for (const name of ['made', 'given', 'other']) context.run(name, () => {})
main().catch((error) => {
  console.error(error)
  process.exit(1)
})
