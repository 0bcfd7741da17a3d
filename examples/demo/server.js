'use strict'

// The server of `npm start`: an echo and a chat over WebSocket, a clock over EventSource, and their page. It stores
// everything in memory and listens on this machine only.

const fs = require('fs')
const http = require('http')
const path = require('path')
const WebSocket = require('../..')

const { EventSource } = WebSocket

const HOST = '127.0.0.1'
const MAX_LENGTH = 64 * 1024
const MAX_BACKLOG = 1024 * 1024
const CHAT_HISTORY = 50
const NAME_LENGTH = 24
const TEXT_LENGTH = 500
const STREAM_SECONDS = 20
const RETRY_SECONDS = 3 // long enough to miss ticks, which the server then resends
const RESEND_SECONDS = 60
const STOP_GRACE = 1000

// Applications may define the close codes 4000-4999.
const NOT_UNDERSTOOD = 4002
const STOPPING = 4001

const PAGE = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/app.js', ['app.js', 'text/javascript; charset=utf-8']],
  ['/style.css', ['style.css', 'text/css; charset=utf-8']]
])

const PAGE_HEADERS = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", 'img-src data:',
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"
  ].join('; '),
  // Browsers round performance.now() to 0.1 ms unless the page is isolated. An echo takes about as long.
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff'
}

/**
 * Creates an http.Server that does not listen yet, with an additional method: `stop(callback)` closes all connections
 * and the server. The clock drops a stream after `streamSeconds`; 0 means never.
 */
function createServer ({ streamSeconds = STREAM_SECONDS } = {}) {
  const open = new Set()
  const sockets = new Set()
  const chat = createChat()
  const clock = createClock(streamSeconds)
  const endpoints = new Map([['/echo', echo], ['/chat', chat]])

  const server = http.createServer((request, response) => {
    const pathname = pathOf(request)
    if (pathname === '/clock') return clock.serve(request, response)
    if (pathname === '/clock/drop') return clock.drop(request, response)
    servePage(pathname, request, response)
  })

  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })

  server.on('upgrade', (request, socket, body) => {
    const endpoint = endpoints.get(pathOf(request))
    if (!endpoint) return refuse(socket, '404 Not Found')
    if (!WebSocket.isWebSocket(request)) return refuse(socket, '400 Bad Request')
    if (!isSameOrigin(request)) return refuse(socket, '403 Forbidden')

    const ws = new WebSocket(request, socket, body, null, { maxLength: MAX_LENGTH })
    open.add(ws)
    ws.on('close', () => open.delete(ws))
    endpoint(ws, socket)
  })

  server.stop = (callback) => {
    server.close(callback)
    clock.stop()
    for (const ws of open) ws.close(STOPPING, 'The server is stopping')
    if (server.closeIdleConnections) server.closeIdleConnections()
    setTimeout(() => sockets.forEach((socket) => socket.destroy()), STOP_GRACE).unref()
  }

  return server
}

// A WebSocket that is piped into itself is an echo that reads only as fast as the peer does.
function echo (ws) {
  ws.pipe(ws)
}

function createChat () {
  const people = new Map()
  const history = []
  let lastId = 0

  function broadcast (content) {
    const message = { ...content, time: Date.now(), people: people.size }
    const text = JSON.stringify(message)
    for (const person of people.values()) {
      // If a person's browser stops reading, its messages must not fill our memory.
      if (person.socket.writableLength > MAX_BACKLOG) person.socket.destroy()
      else person.ws.send(text)
    }
    return message
  }

  function rename (person, name) {
    const before = person.name
    if (!name || name === before) return
    person.name = name
    if (before) return broadcast({ type: 'rename', before, name })

    people.set(person.ws, person)
    person.ws.send(JSON.stringify({ type: 'welcome', id: person.id, history }))
    broadcast({ type: 'join', name })
  }

  function say (person, text) {
    if (!text || !person.name) return
    history.push(broadcast({ type: 'say', id: person.id, name: person.name, text }))
    if (history.length > CHAT_HISTORY) history.shift()
  }

  return (ws, socket) => {
    const person = { id: ++lastId, name: '', ws, socket }

    ws.on('message', ({ data }) => {
      const message = parse(data)
      if (message.type === 'name') rename(person, clean(message.name, NAME_LENGTH))
      else if (message.type === 'say') say(person, clean(message.text, TEXT_LENGTH))
      else ws.close(NOT_UNDERSTOOD, 'Send {"type":"name"} or {"type":"say"}')
    })

    ws.on('close', () => {
      if (people.delete(ws)) broadcast({ type: 'leave', name: person.name })
    })
  }
}

// The id of a tick is its second in Unix time, so ids continue after a dropped stream and after a restart. The server
// stores no ticks: the last id that a reader has received identifies the missed ticks.
function createClock (streamSeconds) {
  const streams = new Map()
  let lastId = 0

  function serve (request, response) {
    if (!EventSource.isEventSource(request)) {
      return respond(response, 406, 'Send Accept: text/event-stream')
    }

    const es = new EventSource(request, response, { retry: RETRY_SECONDS })
    const id = ++lastId
    const started = currentSecond()
    const resumed = /^\d{1,12}$/.test(es.lastEventId) && Number(es.lastEventId) <= started
    let sent = resumed ? Math.max(Number(es.lastEventId), started - RESEND_SECONDS) : started - 1
    let ticker

    const tick = () => {
      for (; sent < currentSecond(); sent++) {
        const second = sent + 1
        es.send(JSON.stringify({ time: second * 1000, resent: second < started }), { id: String(second) })
      }
      ticker = setTimeout(tick, 1000 - Date.now() % 1000)
    }

    streams.set(id, es)
    es.send(JSON.stringify({ stream: id, lastEventId: es.lastEventId }), { event: 'hello' })
    tick()
    const limit = streamSeconds > 0 ? setTimeout(() => es.close(), streamSeconds * 1000) : null

    es.on('close', () => {
      streams.delete(id)
      clearTimeout(ticker)
      clearTimeout(limit)
    })
  }

  function drop (request, response) {
    if (request.method !== 'POST') return respond(response, 405, 'Use POST to drop a stream', { Allow: 'POST' })
    if (!isSameOrigin(request)) return respond(response, 403, 'The request comes from another site')
    const es = streams.get(Number(request.url.split('?stream=')[1]))
    if (!es) return respond(response, 404, 'No such stream')
    es.close()
    respond(response, 204)
  }

  function stop () {
    for (const es of streams.values()) es.close()
  }

  return { serve, drop, stop }
}

function servePage (pathname, request, response) {
  if (!PAGE.has(pathname)) return respond(response, 404, 'Not found')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return respond(response, 405, 'Use GET or HEAD', { Allow: 'GET, HEAD' })
  }
  const [file, type] = PAGE.get(pathname)
  fs.readFile(path.join(__dirname, file), (error, content) => {
    if (error) return respond(response, 500, 'Cannot read ' + file)
    response.writeHead(200, { ...PAGE_HEADERS, 'Content-Type': type, 'Content-Length': content.length })
    response.end(request.method === 'HEAD' ? undefined : content)
  })
}

function respond (response, status, text = '', headers = {}) {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers })
  response.end(text && text + '\n')
}

function refuse (socket, status) {
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 ' + status + '\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy())
}

// A browser lets every site open a WebSocket to localhost, and names the site in Origin. Other programs send no
// Origin, and could forge one, so the server accepts them.
function isSameOrigin (request) {
  const { origin, host } = request.headers
  return origin === undefined || origin === 'http://' + host || origin === 'https://' + host
}

function pathOf (request) {
  return request.url.split('?')[0]
}

function currentSecond () {
  return Math.floor(Date.now() / 1000)
}

function parse (data) {
  try {
    return Object(JSON.parse(data))
  } catch (error) {
    return {}
  }
}

// Cuts between code points, so that an emoji at the limit is kept or removed as a whole.
function clean (text, length) {
  if (typeof text !== 'string') return ''
  return Array.from(text.replace(/\p{Cc}+/gu, ' ').trim()).slice(0, length).join('')
}

function main () {
  const port = process.env.PORT === undefined ? 8000 : Number(process.env.PORT)
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error('PORT must be a number from 0 to 65535, for example: PORT=8001 npm start')
    process.exitCode = 1
    return
  }

  const server = createServer()

  server.on('error', (error) => {
    const other = port === 8001 ? 8002 : 8001
    if (error.code === 'EADDRINUSE') console.error(`Port ${port} is in use. Choose another: PORT=${other} npm start`)
    else if (error.code === 'EACCES') console.error(`Port ${port} is not allowed. Choose another: PORT=8001 npm start`)
    else console.error(error.message)
    process.exitCode = 1
  })

  server.listen(port, HOST, () => {
    console.log(`The demo is at http://${HOST}:${server.address().port}/ (Ctrl+C stops it)`)
  })

  // Handles only the first signal, so that a second one ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.stop())
}

if (require.main === module) main()

module.exports = { createServer }
