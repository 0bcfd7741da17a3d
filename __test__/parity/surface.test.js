'use strict'

const { Stream } = require('node:stream')
const util = require('node:util')

const { accept, serve, connectOpen } = require('../support/peer')
const { parity } = require('./compare')

const PUBLIC = [
  'addEventListener', 'close', 'dispatchEvent', 'end', 'onclose', 'onerror', 'onmessage', 'onopen', 'pause', 'ping',
  'removeEventListener', 'resume', 'send', 'write'
]

// Deviation: exports that the original does not have.
const ADDED = ['prepare', 'broadcast', 'default', 'runtime', 'runtimeReason']

function noteFunction (log, name, value) {
  log.add(name, typeof value, value.name, value.length)
}

function noteMembers (log, name, object) {
  for (const member of PUBLIC) {
    const value = object[member]
    if (typeof value === 'function') noteFunction(log, `${name}.${member}`, value)
    else log.add(`${name}.${member}`, value)
    log.add(`${name}.${member}`, { own: Object.prototype.hasOwnProperty.call(object, member) })
  }
}

parity('the module is the constructor and exports the same names', (WebSocket, log) => {
  noteFunction(log, 'module', WebSocket)
  const keys = Object.keys(WebSocket).filter((key) => !ADDED.includes(key))
  log.add('keys', keys.sort())
  for (const key of keys) noteFunction(log, key, WebSocket[key])
  log.add('self', WebSocket.WebSocket === WebSocket)
  noteFunction(log, 'isEventSource', WebSocket.EventSource.isEventSource)
  log.add('Client keys', Object.keys(WebSocket.Client).sort())
  log.add('EventSource keys', Object.keys(WebSocket.EventSource).sort())
})

parity('there are no ready-state constants', (WebSocket, log) => {
  for (const owner of [WebSocket, WebSocket.Client, WebSocket.EventSource]) {
    for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']) {
      log.add(`${owner.name}.${name}`, owner[name], owner.prototype[name])
    }
  }
})

parity('prototypes inherit from the legacy Stream', (WebSocket, log) => {
  const { Client, EventSource } = WebSocket
  const base = Object.getPrototypeOf(WebSocket.prototype)
  log.add('WebSocket → base → Stream', Object.getPrototypeOf(base) === Stream.prototype)
  log.add('Client shares the base', Object.getPrototypeOf(Client.prototype) === base)
  log.add('EventSource → Stream', Object.getPrototypeOf(EventSource.prototype) === Stream.prototype)
  log.add('Client is no WebSocket', Client.prototype instanceof WebSocket)
  log.add('constructors', WebSocket.prototype.constructor === WebSocket, Client.prototype.constructor === Client,
    EventSource.prototype.constructor === EventSource)
  noteMembers(log, 'WebSocket.prototype', WebSocket.prototype)
  noteMembers(log, 'Client.prototype', Client.prototype)
  noteMembers(log, 'EventSource.prototype', EventSource.prototype)
  log.add('defaults', EventSource.prototype.DEFAULT_PING, EventSource.prototype.DEFAULT_RETRY)
})

parity('constructors called without new throw a TypeError', (WebSocket, log) => {
  log.kind('WebSocket()', () => WebSocket({ headers: {} }, null))
  log.kind('Client()', () => (0, WebSocket.Client)('ws://127.0.0.1:1/'))
  log.kind('EventSource()', () => (0, WebSocket.EventSource)({ headers: {} }, {}))
})

function noteInstance (log, name, ws) {
  log.add(`${name} is a Stream`, ws instanceof Stream, typeof ws.pipe)
  log.add(`${name}.bufferedAmount`, ws.bufferedAmount)
  for (const property of ['url', 'version', 'protocol', 'readyState', 'readable', 'writable']) {
    log.add(`${name}.${property}`, ws[property], { own: Object.prototype.hasOwnProperty.call(ws, property) })
  }
  for (const property of ['_stream', '_driver', 'headers', 'statusCode']) {
    log.add(`${name}.${property}`, typeof ws[property], { there: property in ws })
  }
  noteMembers(log, name, ws)
  log.add('error listeners', ws.listenerCount('error'))
}

parity('a server socket has the same properties', async (WebSocket, log, scope) => {
  let ws
  const { port } = await serve(scope, WebSocket, {
    onSocket: (each, { socket }) => {
      ws = each
      noteInstance(log, 'new', ws)
      log.add('_stream', ws._stream === socket)
    }
  })
  log.port(port)
  await connectOpen(scope, port)
  noteInstance(log, 'open', ws)
  log.add('instanceof', ws instanceof WebSocket, ws instanceof WebSocket.Client)
})

parity('a client has the same properties', async (WebSocket, log, scope) => {
  const server = await accept(scope)
  log.port(server.port)
  const ws = new WebSocket.Client(server.url)
  scope.defer(() => ws._stream.destroy())
  noteInstance(log, 'new', ws)
  await server.acceptedOpen()
  await new Promise((resolve) => ws.on('open', resolve))
  noteInstance(log, 'open', ws)
  log.add('instanceof', ws instanceof WebSocket, ws instanceof WebSocket.Client)
})

parity('util.inherits works with the constructor', async (WebSocket, log, scope) => {
  function Chat (request, socket, body) {
    WebSocket.call(this, request, socket, body)
    this.room = 'lobby'
  }
  util.inherits(Chat, WebSocket)
  Chat.prototype.say = function (text) { return this.send(`${this.room}: ${text}`) }

  const { port } = await serve(scope, WebSocket, {
    onUpgrade: (request, socket, body) => {
      const chat = new Chat(request, socket, body)
      log.add('instanceof', chat instanceof Chat, chat instanceof WebSocket, chat instanceof Stream)
      log.watch(chat)
      chat.on('open', () => log.call('say', () => chat.say('Hi')))
    }
  })
  log.port(port)
  const peer = await connectOpen(scope, port)
  await peer.until(() => peer.bytes.length >= 11)
  log.wire(peer)
})

parity('methods can be replaced on an instance', async (WebSocket, log, scope) => {
  const { port } = await serve(scope, WebSocket, {
    onSocket: (ws) => {
      const { send } = ws
      ws.send = function (data) {
        log.add('replaced send', data)
        return send.call(this, `<${data}>`)
      }
      ws.on('open', () => {
        ws.send('a')
        ws.write('b')
        ws.end('c')
      })
    }
  })
  log.port(port)
  const peer = await connectOpen(scope, port)
  await peer.until(() => peer.bytes.length >= 19)
  log.wire(peer)
})
