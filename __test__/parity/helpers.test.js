'use strict'

const { parity } = require('./compare')

const METHODS = ['GET', 'get', 'POST', 'HEAD', undefined]

const CONNECTIONS = [
  undefined, '', 'upgrade', 'Upgrade', 'UPGRADE', 'keep-alive', 'keep-alive, Upgrade', 'keep-alive,upgrade',
  'keep-alive , upgrade', 'Upgrade,keep-alive', ',upgrade', 'upgrade,', ',,upgrade,,', 'upgraded', 'not-upgrade',
  'upgrade close', 'upgrade;q=1', '"upgrade"', 'a, b, c, UpGrAdE, d'
]

const UPGRADES = [
  undefined, '', 'websocket', 'WebSocket', 'WEBSOCKET', 'websocket, foo', 'foo, websocket', 'websockets', 'h2c',
  'websocket/13', ' websocket', 'websocket '
]

const ACCEPTS = [
  undefined, '', 'text/event-stream', 'TEXT/EVENT-STREAM', 'text/event-stream;q=1', 'text/html, text/event-stream',
  'text/html,text/event-stream', 'text/html\t,\ttext/event-stream', 'text/event-stream, */*', '*/*', 'text/*',
  ' text/event-stream', 'text/event-stream ', 'text/html ,  text/event-stream , x', ',text/event-stream,',
  'text/event-streams', 'x text/event-stream'
]

const IGNORED = { 'sec-websocket-key': 'x', 'sec-websocket-version': '8', host: 'a', constructor: 'b' }

parity('isWebSocket returns the same for every combination', (WebSocket, log) => {
  for (const method of METHODS) {
    for (const connection of CONNECTIONS) {
      for (const upgrade of UPGRADES) {
        const headers = { connection, upgrade }
        log.add('isWebSocket', { method, connection, upgrade }, WebSocket.isWebSocket({ method, headers }))
      }
    }
  }
  const headers = { ...IGNORED, connection: 'upgrade', upgrade: 'websocket' }
  log.call('other headers', () => WebSocket.isWebSocket({ method: 'GET', headers, url: '/' }))
  log.call('no headers', () => WebSocket.isWebSocket({ method: 'GET', headers: {} }))
})

parity('isWebSocket requires a request with headers', (WebSocket, log) => {
  for (const request of [undefined, null, {}, { method: 'GET' }, { method: 'GET', headers: null }]) {
    log.kind('isWebSocket', () => WebSocket.isWebSocket(request))
  }
})

parity('isEventSource returns the same for every combination', (WebSocket, log) => {
  for (const method of METHODS) {
    for (const accept of ACCEPTS) {
      const result = WebSocket.EventSource.isEventSource({ method, headers: { accept } })
      log.add('isEventSource', { method, accept }, result)
    }
  }
})

parity('isEventSource requires a request with headers only for GET', (WebSocket, log) => {
  const { isEventSource } = WebSocket.EventSource
  for (const request of [undefined, null, {}, { method: 'GET' }, { method: 'POST' }]) {
    log.kind('isEventSource', () => isEventSource(request))
  }
  log.call('POST without headers', () => isEventSource({ method: 'POST' }))
})

parity('validateOptions names the first unknown key', (WebSocket, log) => {
  const inherited = Object.create({ inherited: 1 })
  const hidden = Object.defineProperty({}, 'hidden', { value: 1, enumerable: false })
  const cases = [
    [undefined, ['a']], [null, ['a']], [{}, ['a']], [{ a: 1 }, ['a']], [{ a: 1, b: 2 }, ['a']],
    [{ c: undefined }, ['a']], [inherited, ['a']], [inherited, ['inherited']], [hidden, ['a']], [{ a: 1 }, []],
    [{ constructor: 1 }, ['a']], [{ ['__proto__']: 1 }, ['a']], ['ab', ['0', '1']], ['ab', ['0']], [5, []], [[7], []],
    [{ length: 1 }, ['a']], [{ 'with space': 1 }, []]
  ]
  for (const [options, keys] of cases) {
    log.call('validateOptions', () => WebSocket.validateOptions(options, keys))
  }
})
