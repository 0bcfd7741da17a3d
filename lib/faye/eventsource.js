// @ts-check
'use strict'

const Stream = require('node:stream')
const util = require('node:util')
const eventStream = require('../http/event_stream')
const { headersOf, isEventSource, isSecureRequest } = require('../http/request')
const { invalid, milliseconds } = require('../http/options')
const { nextTick, programClock } = require('../scheduling')
const transports = require('../transport')
const { EventTarget, dispatch } = require('./event')
const { CONNECTING, OPEN, CLOSED } = require('./ready_state')

/** The maximum number of bytes that wait for a client that does not read. */
const MAX_BUFFERED = 16 * 1024 * 1024

/**
 * The server's endpoint of an event stream, created in the `request` handler of an http server.
 *
 * @this {any}
 * @param {any} request
 * @param {any} response
 * @param {any} [options]
 */
function EventSource (request, response, options) {
  const { host, 'last-event-id': lastEventId } = headersOf(request)
  const scheme = isSecureRequest(request) ? 'https:' : 'http:'
  if (response === undefined || response === null) throw invalid('response', response, 'an http.ServerResponse')
  Stream.call(this)
  this.writable = true
  const { headers: given, ping, retry } = options || {}

  this._stream = response.socket
  this._ping = milliseconds('ping', ping || this.DEFAULT_PING)
  this._retry = milliseconds('retry', retry || this.DEFAULT_RETRY)
  this._pingTimer = null
  this.url = scheme + '//' + host + request.url
  this.lastEventId = lastEventId || ''
  this.readyState = CONNECTING

  const headers = []
  for (const name in given) {
    const value = given[name]
    if (value !== undefined) headers.push(name, value.toString())
  }
  const head = eventStream.head(headers, Math.floor(this._retry))

  // The client has disconnected, or another response of the same socket is not complete.
  if (!this._stream || !this._stream.writable) {
    this._stream = null
    nextTick(() => this.close())
    return
  }
  nextTick(() => this._open())

  this._stream.setTimeout(0)
  this._stream.setNoDelay(true)
  this._write(head)

  this._stream.on('drain', () => this.emit('drain'))
  this._pingTimer = programClock.interval(() => this.ping(), this._ping)
  for (const event of ['error', 'end', 'close']) this._stream.on(event, () => this.close())
}
util.inherits(EventSource, Stream)

/** @type {Record<string, any> & ThisType<any>} */
const methods = {
  DEFAULT_PING: 10,
  DEFAULT_RETRY: 5,

  write (/** @type {any} */ message) {
    return this.send(message)
  },

  end (/** @type {any} */ message) {
    if (message !== undefined) this.write(message)
    this.close()
  },

  send (/** @type {any} */ message, /** @type {any} */ options) {
    if (this.readyState > OPEN) return false
    const { event, id } = options || {}
    return this._write(eventStream.message(String(message), field(event), field(id)))
  },

  ping () {
    return this._write(eventStream.PING)
  },

  close () {
    if (this.readyState > OPEN) return false
    this.readyState = CLOSED
    this.writable = false
    this._pingTimer?.stop()
    if (this._stream) transports.endSlowly(this._stream)
    dispatch(this, 'close')
    return true
  },

  _open () {
    if (this.readyState !== CONNECTING) return
    this.readyState = OPEN
    dispatch(this, 'open')
  },

  _write (/** @type {any} */ chunk) {
    if (!this.writable || this._stream === null) return false
    if (this._stream.writableLength > MAX_BUFFERED) {
      this._stream.destroy()
      this.close()
      return false
    }
    try {
      return this._stream.write(chunk, 'utf8')
    } catch {
      return false
    }
  }
}

/** @param {any} value */
function field (value) {
  return value ? String(value) : undefined
}

Object.assign(EventSource.prototype, methods, EventTarget)

// The export of the original's file, because programs require it by path.
module.exports = EventSource
module.exports.isEventSource = (/** @type {any} */ request) => isEventSource(request)
