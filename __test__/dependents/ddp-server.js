'use strict'

// A server of DDP like Meteor's: on raw connections of sockjs, at /websocket and at /sockjs/websocket.

const { randomUUID } = require('node:crypto')
const http = require('node:http')

const { listen } = require('../support/peer')
const { load } = require('./load')

/**
 * @param {object} options
 * @param {'original' | 'ours'} options.behind the package that sockjs requires
 * @param {number} [options.port] a free port by default
 * @param {Record<string, (...params: any[]) => any>} [options.methods]
 * @param {Record<string, Record<string, object>>} [options.collections] each is published under its name
 */
async function serveDdp (scope, { behind, port: wanted, methods = {}, collections = {} }) {
  const httpServer = http.createServer()
  const sessions = new Set()
  const messages = []
  for (const prefix of ['', '/sockjs']) {
    const service = load('sockjs', behind).createServer({ prefix, log () {} })
    service.on('connection', (connection) => {
      const session = new Session(connection, { methods, collections })
      sessions.add(session)
      connection.on('close', () => sessions.delete(session))
      connection.on('data', (text) => {
        messages.push(JSON.parse(text))
        session.answer(messages.at(-1))
      })
    })
    service.installHandlers(httpServer)
  }
  const port = await listen(scope, httpServer, wanted)

  /** Changes a document, or removes it if `fields` is null. */
  function change (collection, id, fields) {
    const isNew = collections[collection][id] === undefined
    if (fields === null) delete collections[collection][id]
    else collections[collection][id] = { ...collections[collection][id], ...fields }
    const msg = fields === null ? 'removed' : isNew ? 'added' : 'changed'
    for (const session of sessions) {
      if (session.subscriptions.has(collection)) session.send({ msg, collection, id, ...(fields && { fields }) })
    }
  }
  return { httpServer, sessions, messages, change, port }
}

class Session {
  constructor (connection, { methods, collections }) {
    this.connection = connection
    this.methods = methods
    this.collections = collections
    /** The subscriptions by name of the collection. */
    this.subscriptions = new Map()
  }

  send (message) {
    this.connection.write(JSON.stringify(message))
  }

  answer (message) {
    const { msg, id } = message
    if (msg === 'connect') this.connect(message)
    else if (msg === 'method') this.call(message)
    else if (msg === 'sub') this.subscribe(message)
    else if (msg === 'unsub') this.unsubscribe(id)
    else if (msg === 'ping') this.send({ msg: 'pong', id })
  }

  connect ({ version }) {
    if (version === '1') return this.send({ msg: 'connected', session: randomUUID() })
    this.send({ msg: 'failed', version: '1' })
    this.connection.close()
  }

  call ({ id, method, params }) {
    try {
      this.send({ msg: 'result', id, result: this.methods[method](...params) })
    } catch (error) {
      this.send({ msg: 'result', id, error: { error: 404, reason: error.message } })
    }
    this.send({ msg: 'updated', methods: [id] })
  }

  subscribe ({ id, name }) {
    const documents = this.collections[name]
    if (documents === undefined) return this.send({ msg: 'nosub', id, error: { error: 404, reason: 'no such name' } })
    this.subscriptions.set(name, id)
    for (const [key, fields] of Object.entries(documents)) {
      this.send({ msg: 'added', collection: name, id: key, fields })
    }
    this.send({ msg: 'ready', subs: [id] })
  }

  unsubscribe (id) {
    for (const [name, subscription] of this.subscriptions) {
      if (subscription === id) this.subscriptions.delete(name)
    }
    this.send({ msg: 'nosub', id })
  }
}

module.exports = { serveDdp }
