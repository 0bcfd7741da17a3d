'use strict'

const { connect, once, serve } = require('../support/peer')
const { createAuthority } = require('../support/certs')
const { fakeLongTimers } = require('../support/timers')
const { parity, parityTable } = require('./compare')

/** An EventSource under test and the raw client that asked for it. */
async function stream (WebSocket, log, scope, { headers = '', options, secure, target = '/events' } = {}) {
  let given
  const created = new Promise((resolve) => { given = resolve })
  const { port } = await serve(scope, WebSocket, {
    secure,
    onRequest: (request, response) => {
      const es = new WebSocket.EventSource(request, response, options)
      log.add('constructed', es.url, es.readyState, es.lastEventId, es.writable, es.readable)
      scope.defer(() => es.close())
      watch(log, es)
      given(es)
    }
  })
  log.port(port)
  const peer = await connect(scope, port, secure && { secure: { rejectUnauthorized: false } })
  peer.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${headers}\r\n`)
  return { peer, es: await created }
}

async function opened (es) {
  if (es.readyState === 0) await once(es, 'open')
}

function watch (log, es) {
  for (const type of ['open', 'message', 'error', 'close']) {
    es[`on${type}`] = (event) => {
      const { target, currentTarget, ...own } = event
      log.add(`on${type}`, Object.keys(own).sort().map((key) => [key, own[key]]), target === es && currentTarget === es,
        es.readyState, es.writable)
    }
    es.on(type, () => log.add(type, es.readyState))
  }
  es.on('end', () => log.add('end'))
}

parityTable('an EventSource answers', [
  ['a plain request', {}], ['without options', { options: undefined }], ['with retry', { options: { retry: 3 } }],
  ['with a fraction of a second', { options: { retry: 0.0125 } }], ['with retry as text', { options: { retry: '7' } }],
  ['with retry zero', { options: { retry: 0 } }],
  ['with custom headers', {
    options: { headers: { 'Access-Control-Allow-Origin': '*', ' X-A ': ' 1 ', 'x-a': '2' } }
  }],
  ['with headers that repeat', { options: { headers: { 'Set-Cookie': 'a', 'set-cookie': 'b' } } }],
  ['with other values', { options: { headers: { 'X-N': 5, 'X-U': undefined, 'X-F': false } } }],
  ['with headers that repeat its own', { options: { headers: { 'Content-Type': 'text/plain', Connection: 'x' } } }],
  ['with unknown options', { options: { unknown: 1, ping: 20 } }],
  ['a request with Last-Event-ID', { headers: 'Last-Event-ID: 42\r\n' }],
  ['a request with path and query', { target: '/a/b?c=d' }],
  ['a request through a TLS proxy', { headers: 'X-Forwarded-Proto: https\r\n' }]
], async (WebSocket, log, scope, given) => {
  const { peer } = await stream(WebSocket, log, scope, given)
  await scope.settle()
  log.add('bytes', peer.bytes.toString())
})

parity('a header value of null throws a TypeError', async (WebSocket, log, scope) => {
  const { port } = await serve(scope, WebSocket, {
    onRequest: (request, response) => {
      log.kind('null', () => new WebSocket.EventSource(request, response, { headers: { 'X-A': null } }))
      response.socket.destroy()
    }
  })
  const peer = await connect(scope, port)
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await peer.ended()
})

parity('the url of a TLS server is https', async (WebSocket, log, scope) => {
  const { peer, es } = await stream(WebSocket, log, scope, { secure: createAuthority().local })
  es.send('secret')
  await peer.until(() => peer.bytes.includes('secret'))
  log.add('bytes', peer.bytes.toString())
})

parityTable('an EventSource sends', [
  ['text', ['Hello']], ['an empty text', ['']], ['LF', ['a\nb']], ['CRLF', ['a\r\nb']], ['CR', ['a\rb']],
  ['all line breaks', ['\na\r\nb\rc\n\nd\n\r']], ['CR at the end', ['a\r']],
  ['other separators', ['a\u2028b\u2029c\u0085d\fe']],
  ['non-ASCII text', ['é€𝄞\ufeff']], ['a lone surrogate', ['\ud800']], ['NUL in the data', ['a\0b']],
  ['a number', [5]], ['null', [null]], ['undefined', [undefined]], ['an array', [[1, 2]]], ['an object', [{}]],
  ['a Buffer', [Buffer.from('bytes')]],
  ['an event', ['x', { event: 'update' }]], ['an id', ['x', { id: '7' }]], ['both', ['a\nb', { event: 'ev', id: '7' }]],
  ['a numeric id', ['x', { id: 12 }]], ['a numeric event', ['x', { event: 3 }]],
  ['an empty event', ['x', { event: '' }]],
  ['id zero', ['x', { id: 0 }]], ['the id "0"', ['x', { id: '0' }]], ['a null event', ['x', { event: null, id: null }]],
  ['an object as id', ['x', { id: { toString: () => 'converted' } }]], ['null options', ['x', null]],
  ['unknown options', ['x', { retry: 5, data: 'y' }]],
  ['inherited options', ['x', Object.create({ event: 'inherited' })]],
  ['spaces', [' x ', { event: ' ev ', id: ' 1 ' }]], ['a colon', [':x', { event: 'a:b' }]],
  ['a large message', ['line\n'.repeat(20000)]]
], async (WebSocket, log, scope, given) => {
  const { peer, es } = await stream(WebSocket, log, scope)
  await peer.until(() => peer.bytes.includes('retry: 5000\r\n\r\n'))
  peer.bytes = Buffer.alloc(0)
  log.call('send', () => es.send(...given))
  await peer.until(() => peer.bytes.length > 0)
  await scope.settle()
  log.add('bytes', peer.bytes.toString())
})

parity('write ignores options, and end sends and closes', async (WebSocket, log, scope) => {
  const { peer, es } = await stream(WebSocket, log, scope)
  log.call('write', () => es.write('written', { event: 'ignored' }))
  log.call('ping', () => es.ping())
  log.call('end', () => es.end('last'))
  log.add('state', es.readyState, es.writable)
  log.call('send', () => es.send('x'))
  log.call('write', () => es.write('x'))
  log.call('ping', () => es.ping())
  log.call('close', () => es.close())
  log.call('end', () => es.end('x'))
  await peer.ended()
  log.add('bytes', peer.bytes.toString())
})

parity('close returns true only once', async (WebSocket, log, scope) => {
  const { peer, es } = await stream(WebSocket, log, scope)
  await opened(es)
  log.call('close', () => es.close())
  log.call('close', () => es.close())
  log.add('ended', await peer.ended())
  await scope.settle()
})

parity('messages can be sent before open', async (WebSocket, log, scope) => {
  const { port } = await serve(scope, WebSocket, {
    onRequest: (request, response) => {
      const es = new WebSocket.EventSource(request, response)
      scope.defer(() => es.close())
      watch(log, es)
      log.call('send', () => es.send('early'))
      es.on('open', () => log.call('send', () => es.send('later')))
    }
  })
  const peer = await connect(scope, port)
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await peer.until(() => peer.bytes.includes('later\r\n\r\n'))
  log.add('bytes', peer.bytes.toString())
})

parity('an EventSource can be closed before open', async (WebSocket, log, scope) => {
  const { port } = await serve(scope, WebSocket, {
    onRequest: (request, response) => {
      const es = new WebSocket.EventSource(request, response)
      watch(log, es)
      log.call('close', () => es.close())
    }
  })
  const peer = await connect(scope, port)
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await peer.ended()
  await scope.settle()
  log.add('bytes', peer.bytes.toString())
})

parity('a client that disconnects closes its EventSource', async (WebSocket, log, scope) => {
  for (const leave of ['end', 'destroy']) {
    const { peer, es } = await stream(WebSocket, log, scope)
    await opened(es)
    peer.socket[leave]()
    await once(es, 'close')
    log.call('send', () => es.send('x'))
    await scope.settle()
  }
})

parityTable('the ping option is', [
  ['undefined', undefined], ['15', { ping: 15 }], ['zero for the default', { ping: 0 }],
  ['a fraction', { ping: 1.5 }]
], async (WebSocket, log, scope, options) => {
  const timers = fakeLongTimers(scope)
  const { peer, es } = await stream(WebSocket, log, scope, { options })
  const pings = timers.filter(({ kind }) => kind === 'interval')
  log.add('intervals', pings.map(({ delay }) => delay))
  await peer.until(() => peer.bytes.includes('retry: 5000\r\n\r\n'))
  pings[0].fire()
  pings[0].fire()
  await peer.until(() => peer.bytes.includes(':\r\n\r\n:\r\n\r\n'))
  log.add('bytes', peer.bytes.toString())
  es.close()
  log.add('active', pings.map(({ active }) => active))
})

parity('drain is forwarded', async (WebSocket, log, scope) => {
  const { peer, es } = await stream(WebSocket, log, scope)
  es.once('drain', () => log.add('drain'))
  peer.socket.pause()
  let sent = 0
  while (es.send('x'.repeat(65536)) !== false && sent < 1000) sent++
  log.add('became full', sent < 1000)
  const drained = once(es, 'drain')
  peer.socket.resume()
  await drained
})
