'use strict'

// A small Realtime Database with version 5 of the protocol of @firebase/database, over our WebSocket or the original's.

const http = require('node:http')

const { listen } = require('../support/peer')
const { load } = require('./load')

/** The characters of a segment. A message is the number of its segments, followed by the segments. */
const SEGMENT = 16384

/**
 * @param {object} options
 * @param {'original' | 'ours'} options.behind
 * @param {import('node:http').Server} [options.httpServer]
 * @param {object} [options.data]
 * @param {(path: string) => boolean} [options.isSecret] returns whether reads and writes of a path are refused
 */
async function serveDatabase (scope, { behind, httpServer = http.createServer(), data = {}, isSecret = () => false }) {
  const WebSocket = load('faye-websocket', behind)
  const database = new Database(data, isSecret)
  httpServer.on('upgrade', (request, socket, head) => {
    database.requests.push(request)
    const ws = new WebSocket(request, socket, head)
    database.clients.add(new Client(ws, database, request.headers.host))
  })
  database.port = await listen(scope, httpServer)
  return database
}

class Database {
  constructor (data, isSecret) {
    this.data = data
    this.isSecret = isSecret
    this.requests = []
    this.clients = new Set()
    /** Actions of all clients, in order. */
    this.actions = []
    /** The number of transactions that the server will refuse as stale. */
    this.stale = 0
  }

  read (path) {
    const value = path.split('/').filter(Boolean).reduce((each, key) => each?.[key] ?? null, this.data)
    // An empty object does not exist.
    return value !== null && typeof value === 'object' && Object.keys(value).length === 0 ? null : value
  }

  write (path, value) {
    const keys = path.split('/').filter(Boolean)
    const last = keys.pop()
    let parent = this.data
    for (const key of keys) parent = parent[key] = typeof parent[key] === 'object' ? parent[key] ?? {} : {}
    const written = resolved(value, parent[last])
    if (written === null) delete parent[last]
    else parent[last] = written
    for (const client of this.clients) client.tell(path)
  }
}

/** Returns the value with the server's values in place of placeholders. */
function resolved (value, old) {
  if (value === null || typeof value !== 'object') return value
  const { '.sv': its } = value
  if (its === 'timestamp') return Date.now()
  if (its !== undefined) return (old ?? 0) + its.increment
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each, old?.[key])]))
}

class Client {
  constructor (ws, database, host) {
    this.ws = ws
    this.database = database
    this.listens = new Map()
    /** The values to write when the client disconnects. */
    this.will = new Map()
    this.segments = []
    this.missing = 0
    ws.on('message', ({ data }) => this.receive(data))
    ws.on('close', ({ code }) => this.leave(code))
    this.send({ t: 'c', d: { t: 'h', d: { ts: Date.now(), h: host, v: '5', s: 'session' } } })
  }

  receive (text) {
    if (this.missing === 0 && /^\d{1,6}$/.test(text)) {
      // Zero is a keep-alive message.
      this.missing = Number(text)
      return
    }
    this.segments.push(text)
    if (this.missing > 1) return this.missing--
    const message = JSON.parse(this.segments.join(''))
    this.segments = []
    this.missing = 0
    if (message.t === 'd') this.answer(message.d)
  }

  send (message) {
    const text = JSON.stringify(message)
    const count = Math.ceil(text.length / SEGMENT)
    if (count > 1) this.ws.send(String(count))
    for (let index = 0; index < count; index++) this.ws.send(text.slice(index * SEGMENT, (index + 1) * SEGMENT))
  }

  answer ({ r, a, b }) {
    this.database.actions.push([a, b])
    const [status, data] = b.p !== undefined && this.database.isSecret(b.p)
      ? ['permission_denied', 'Permission denied']
      : this.act(a, b)
    this.send({ t: 'd', d: { r, b: { s: status, d: data === undefined ? '' : data } } })
  }

  /** Returns the status and the data of the answer. */
  act (action, { p: path, d: data, h: hash }) {
    const { database } = this
    switch (action) {
      case 'q':
        this.listens.set(path, path)
        this.push(path)
        return ['ok', {}]
      case 'n':
        this.listens.delete(path)
        return ['ok']
      case 'g':
        return ['ok', database.read(path)]
      case 'p':
        if (hash !== undefined && database.stale > 0) {
          database.stale--
          return ['datastale', 'Transaction hash does not match']
        }
        database.write(path, data)
        return ['ok']
      case 'm':
        for (const [key, value] of Object.entries(data)) database.write(`${path}/${key}`, value)
        return ['ok']
      case 'o':
        this.will.set(path, data)
        return ['ok']
      case 'om':
        for (const [key, value] of Object.entries(data)) this.will.set(`${path}/${key}`, value)
        return ['ok']
      case 'oc':
        this.will.delete(path)
        return ['ok']
      case 's':
      case 'auth':
      case 'gauth':
      case 'unauth':
        return ['ok', {}]
      default:
        return ['error', `no action ${action}`]
    }
  }

  /** Notifies listeners of a change at or below this path. */
  tell (path) {
    for (const listened of this.listens.keys()) {
      if (isWithin(path, listened) || isWithin(listened, path)) this.push(listened)
    }
  }

  push (path) {
    this.send({ t: 'd', d: { a: 'd', b: { p: path.slice(1), d: this.database.read(path) } } })
  }

  leave (code) {
    this.code = code
    this.database.clients.delete(this)
    for (const [path, value] of this.will) this.database.write(path, value)
  }
}

function isWithin (path, other) {
  return path === other || other === '/' || path.startsWith(`${other}/`)
}

module.exports = { serveDatabase }
