'use strict'

// Panics of our code: the affected connections end with an error, and all others continue. An addon built for these
// tests injects the panics (src/injection.rs).

const assert = require('node:assert/strict')

const { build } = require('../../scripts/build')
const { withAddon } = require('../support/addon')
const { runChild } = require('../support/child')
const { connectOpen, eventually } = require('../support/peer')
const { closePayload, fromClient } = require('../support/wire')
const { test, transports } = require('../support/native')

const [ADDON, SKIP] = buildAddon()

function buildAddon () {
  if (process.env.FAYE_WEBSOCKET_RUNTIME === 'wasm') return [null, 'needs the addon']
  try {
    return [build({ debug: true, features: ['fault-injection'] }), false]
  } catch (error) {
    return [null, `the addon cannot be built: ${error.message}`]
  }
}

/** More sockets than a batch needs to be wide. */
const MANY = 70

/** Runs in its own process. Each line of input is a command, each line of output reports an event. */
function server (WebSocket, support, transport) {
  const { injectFault } = require(process.env.TEST_ADDON)
  const all = []
  const say = (...line) => console.log(JSON.stringify(line))
  process.on('uncaughtException', ({ message }) => say('uncaught', message))
  const server = require('node:http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const name = all.length
    const ws = new WebSocket(request, socket, body, null, { transport })
    all.push(ws)
    if (require('./transport').usesReactor(ws) !== (transport === 'native')) throw new Error('another transport')
    ws.on('message', ({ data }) => {
      say(name, `message ${data}`)
      if (data === 'ping me') ws.ping('x')
      else if (data === 'prepared') ws.send(WebSocket.prepare(data))
      else if (data !== 'quiet') ws.send(data)
    })
    ws.on('error', ({ message }) => say(name, `error ${message.replace(/ws:.*: /, '')}`))
    ws.on('close', ({ code }) => say(name, `close ${code}`))
  })
  server.listen(0, '127.0.0.1', () => say('port', server.address().port))

  const commands = {
    inject: (place, passes) => injectFault(place, passes),
    send: (name, text) => all[name].send(text),
    pause: (name) => all[name].pause(),
    broadcast: (text) => WebSocket.broadcast(all, text),
    fill: (name) => {
      while (all[name].send(Buffer.alloc(1 << 20)));
    }
  }
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [command, ...parameters] = JSON.parse(line)
    commands[command](...parameters)
    say('done', command)
  })
}

/** Starts the server and `count` peers. */
async function start (scope, transport, count) {
  const child = runChild(scope, server, {
    argument: transport,
    timeout: 60000,
    env: { ...withAddon(ADDON), FAYE_WEBSOCKET_TRANSPORT: transport, FAYE_WEBSOCKET_WORKERS: '2' }
  })
  const lines = () => child.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line))
  const of = (name) => lines().filter(([about]) => about === name).map(([, what]) => what)
  await eventually(() => of('port').length > 0, 'the port')
  const [port] = of('port')
  const connect = async () => {
    const peer = await connectOpen(scope, port)
    // The reactor adopts the socket before the first frame.
    peer.write(fromClient('ping', ''))
    await peer.frame()
    return peer
  }
  const peers = []
  for (let i = 0; i < count; i++) peers.push(await connect())
  const command = async (...parameters) => {
    const before = of('done').length
    child.child.stdin.write(JSON.stringify(parameters) + '\n')
    await eventually(() => of('done').length > before, parameters.join(' '))
  }
  return { child, command, connect, of, peers }
}

const text = (...texts) => Buffer.concat(texts.map((each) => fromClient('text', each)))

/** The events of a connection when the kernel refuses a write. */
function failed (code) {
  return [`error Network error: write ${code}`, 'close 1006']
}

const INTERNAL = ['error Internal error of the WebSocket implementation', 'close 1006']

const writes = (...texts) => ({ peers }) => peers[0].write(text(...texts))
const commands = (...parameters) => ({ command }) => command(...parameters)
const fills = async ({ command, peers }) => {
  peers[0].socket.pause()
  await command('fill', 0)
  peers[0].socket.resume()
}
const closes = ({ peers }) => peers[0].write(fromClient('close', closePayload(1000)))
const MANY_ONE = { count: MANY, affected: 'one' }

/**
 * The name of the moment; the place of the panic, and the number of passes before it; the action that leads to it. Then
 * the events of an affected connection before its end, the affected connections (by default the first) and their end.
 */
const NATIVE = [
  ['after a read', 'read', 0, writes('a'), { seen: [] }],
  ['at the first of three messages', 'decode', 0, writes('a', 'b', 'c'), { seen: [] }],
  ['at the last of three messages', 'decode', 2, writes('a', 'b', 'c'), { seen: ['message a', 'message b'] }],
  ['after two messages', 'decoded', 0, writes('a', 'b'), { seen: ['message a', 'message b'] }],
  ['when a reply is written', 'flush dirty', 0, writes('a'), { seen: ['message a'] }],
  ['when a message is written', 'flush', 0, commands('send', 0, 'a'), { seen: [] }],
  ['when a message is written to a paused connection', 'flush', 0, async ({ command }) => {
    await command('pause', 0)
    await command('send', 0, 'a')
  }, { seen: [] }],
  ['when a socket is writable again', 'flush the writable', 0, fills, { seen: [] }],
  ['before anything is read', 'collect', 0, writes('a'), { affected: [] }],
  ['before anything is delivered', 'deliver', 0, writes('a'), { seen: [] }],
  ['before anything is written', 'write', 0, writes('a'), { seen: ['message a'] }],
  ['before a broadcast is written', 'write', 0, commands('broadcast', 'news'), { affected: [] }],
  ['in send() in a handler', 'send', 0, writes('a'), { seen: ['message a'] }],
  ['in send() of a prepared message', 'prepared', 0, writes('prepared'), { seen: ['message prepared'] }],
  ['in ping()', 'command', 0, writes('ping me'), { seen: ['message ping me'] }],
  ['at a close frame', 'command', 0, closes, { seen: [] }],
  ['when a worker receives bytes', 'send away', 10, commands('broadcast', 'news'), { count: MANY, affected: [10] }],
  ['in a worker', 'job', 10, commands('broadcast', 'news'), { ...MANY_ONE, end: failed('EIO') }],
  ['when a worker has written', 'apply outcome', 10, commands('broadcast', 'news'), MANY_ONE]
]

const STREAM = [
  ['when a chunk is stored', 'receive', 0, writes('a'), { seen: [] }],
  ['when messages are decoded', 'messages', 0, writes('a'), { seen: [] }],
  ['in send() in a handler', 'send', 0, writes('a'), { seen: ['message a'] }],
  ['in send()', 'send', 0, commands('send', 0, 'a'), { seen: [] }],
  ['in send() of a prepared message', 'prepared', 0, writes('prepared'), { seen: ['message prepared'] }],
  ['when a message is written to the stream', 'take output', 0, commands('send', 0, 'a'), { seen: [] }],
  ['in ping()', 'command', 0, writes('ping me'), { seen: ['message ping me'] }],
  ['at a close frame', 'command', 0, closes, { seen: [] }]
]

/** Actions that the kernel refuses because memory is short. */
const REFUSALS = [
  ['to watch when a socket is writable again', 'reregister', 0, fills, { seen: [], end: failed('ENOMEM') }],
  ['to start a worker', 'start a worker', 0, commands('broadcast', 'news'), { count: MANY, affected: [] }]
]

const TABLES = [['native', 'a panic', NATIVE], ['stream', 'a panic', STREAM], ['native', 'a refusal', REFUSALS]]

for (const [transport, what, cases] of TABLES) {
  const skip = SKIP || (!transports.includes(transport) && 'this transport is not available here')
  for (const [when, place, passes, act, expected] of cases) {
    const { affected = [0], count = 4, seen = [], end = INTERNAL } = expected
    test(`${transport}: ${what} ${when} ends only the affected connections`, async (scope) => {
      const context = await start(scope, transport, count)
      const { child, command, connect, of, peers } = context
      await command('inject', place, passes)
      await act(context)
      const names = [...peers.keys()]
      const hasEnded = (name) => of(name).includes('close 1006')
      const victims = affected === 'one' ? [] : affected
      await eventually(() => {
        if (affected === 'one') victims.splice(0, 1, ...names.filter(hasEnded).slice(0, 1))
        return victims.every(hasEnded) && (affected !== 'one' || victims.length === 1)
      }, 'the end')
      for (const name of victims) {
        await peers[name].ended()
        assert.deepEqual(of(name), [...seen, ...end])
      }
      const others = names.filter((name) => !victims.includes(name))
      for (const name of others) {
        peers[name].write(text('in a batch'))
        await command('send', name, 'outside a batch')
      }
      const wanted = ['in a batch', 'outside a batch', ...(count === MANY ? ['news'] : [])]
      for (const peer of others.map((name) => peers[name])) {
        await peer.until(() => wanted.every((each) => peer.bytes.includes(each)), String(wanted))
      }
      const late = await connect()
      late.write(text('a new connection'))
      await late.until(() => late.bytes.includes('a new connection'), 'an answer to a new connection')
      assert.deepEqual(of('uncaught'), [])
      if (what === 'a panic') assert.match(child.stderr, new RegExp(`injected fault: ${place}`))
      else assert.equal(child.stderr, '')
    }, { skip, timeout: 60000 })
  }
}

/** Runs in its own process: three TLS clients, of which the second meets a panic. */
async function clients (WebSocket, support, argument) {
  const { injectFault } = require(process.env.TEST_ADDON)
  const { client: Client, server: Server } = require('../../lib/websocket')
  const { local, root } = require('./tls')
  const { usesReactor } = require('./transport')
  process.on('uncaughtException', ({ message }) => console.log('uncaught', message))
  const httpServer = require('node:https').createServer(local)
  const server = new Server({ httpServer, autoAcceptConnections: true })
  server.on('connect', (connection) => connection.on('message', ({ utf8Data }) => connection.send(utf8Data)))
  await new Promise((resolve) => httpServer.listen(0, resolve))
  const use = () => new Promise((resolve) => {
    const events = []
    const client = new Client({ tlsOptions: { ca: root.cert } })
    const note = (...what) => events.push(what.join(' '))
    client.on('connectFailed', ({ message }) => resolve([...events, message]))
    client.on('connect', (connection) => {
      note(usesReactor(connection) ? 'native' : 'stream')
      connection.on('error', ({ message }) => note(message))
      connection.on('message', ({ utf8Data }) => {
        note(utf8Data)
        connection.close()
      })
      connection.on('close', (code) => resolve([...events, code]))
      connection.send('a')
    })
    client.connect(`wss://localhost:${httpServer.address().port}/`)
  })
  const all = [await use()]
  injectFault(...JSON.parse(argument))
  all.push(await use(), await use())
  console.log(JSON.stringify(all))
  process.exit()
}

const REQUESTS = [
  ['in the TLS handshake', ['read', 0], ['stream', 'a', 1000]],
  ['when the request is written', ['write around', 0], ['write EIO']],
  ['when a connection takes over the socket', ['transfer', 0], ['stream', 1006]]
]
for (const [when, fault, expected] of REQUESTS) {
  test(`a request over TLS: a panic ${when} does not affect other connections`, async (scope) => {
    const child = runChild(scope, clients, {
      argument: JSON.stringify(fault),
      timeout: 60000,
      env: withAddon(ADDON)
    })
    const { stderr, stdout } = await child.finished
    assert.match(stderr, new RegExp(`injected fault: ${fault[0]}`))
    const good = ['native', 'a', 1000]
    assert.deepEqual(JSON.parse(stdout), [good, expected, good])
  }, { skip: SKIP, timeout: 60000 })
}

/** Runs in its own process: a TLS server, and three clients one after the other, of which the second meets a panic. */
async function tlsServer (WebSocket, support, argument) {
  const { injectFault } = require(process.env.TEST_ADDON)
  const https = require('node:https')
  const { createServer } = require('../../lib/https')
  const { local, root } = require('./tls')
  const [use, ...fault] = JSON.parse(argument)
  const errors = []
  process.on('uncaughtException', ({ message }) => errors.push(`uncaught ${message}`))
  const server = createServer(local, (request, response) => response.end('page'))
  server.on('tlsClientError', ({ code }) => errors.push(code))
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    ws.on('message', ({ data }) => ws.send(data))
  })
  await new Promise((resolve) => server.listen(0, resolve))
  const { port } = server.address()
  // The clients use Node's TLS, so that the panic concerns the server.
  const uses = {
    request: () => new Promise((resolve) => {
      const options = { port, host: 'localhost', ca: root.cert, agent: false }
      https.get(options, (response) => response.on('data', (chunk) => resolve(String(chunk))))
        .on('error', ({ code }) => resolve(code))
    }),
    connection: () => new Promise((resolve) => {
      const ws = new WebSocket.Client(`wss://localhost:${port}/`, null, { ca: root.cert, transport: 'stream' })
      let result
      ws.on('open', () => ws.send('echo'))
      ws.on('error', () => {})
      ws.on('message', ({ data }) => {
        result = data
        ws.close()
      })
      ws.on('close', ({ code }) => resolve(result ?? code))
    })
  }
  const all = [await uses[use]()]
  injectFault(...fault)
  all.push(await uses[use](), await uses[use]())
  const count = () => new Promise((resolve) => server.getConnections((error, number) => resolve(error ?? number)))
  while (await count() > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  console.log(JSON.stringify({ isNative: server.isNative, all, errors }))
  process.exit()
}

const SERVERS = [
  ['in the TLS handshake', 'request', 'read', 'ECONNRESET', ['EIO']],
  ['when a response is written', 'request', 'write around', 'ECONNRESET', []],
  ['when TLS ends', 'request', 'close tls', 'page', []],
  ['when a connection takes over the socket', 'connection', 'transfer', 1006, []]
]
for (const [when, use, place, expected, errors] of SERVERS) {
  test(`a server over TLS: a panic ${when} ends that connection only`, async (scope) => {
    const child = runChild(scope, tlsServer, {
      argument: JSON.stringify([use, place, 0]),
      timeout: 60000,
      env: withAddon(ADDON)
    })
    const { stderr, stdout } = await child.finished
    assert.match(stderr, new RegExp(`injected fault: ${place}`))
    const good = use === 'request' ? 'page' : 'echo'
    assert.deepEqual(JSON.parse(stdout), { isNative: true, all: [good, expected, good], errors })
  }, { skip: SKIP, timeout: 60000 })
}
