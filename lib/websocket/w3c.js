// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { inspect, types } = require('node:util')
const { arrayBufferOf } = require('../bytes')
const { binaryOf } = require('../connection/messages')
const { programClock } = require('../scheduling')
const WebSocketClient = require('./client')
const { Event, makeTarget } = require('./event_target')
const { linkOf } = require('./link')

const ReadyState = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }
const { CONNECTING, OPEN, CLOSING, CLOSED } = ReadyState

/**
 * A client with the interface of the browser's WebSocket. Connects at once. Keeps its state in public properties, as
 * the original does, because programs read and write them.
 *
 * @this {any}
 * @param {any} url
 * @param {any} [protocols]
 * @param {any} [origin]
 * @param {any} [headers]
 * @param {any} [requestOptions]
 * @param {any} [clientConfig] its `assembleFragments` is set to true: the interface has no frames
 */
function W3CWebSocket (url, protocols, origin, headers, requestOptions, clientConfig) {
  makeTarget(this)
  clientConfig = assembling(clientConfig || {})
  this._url = url
  this._readyState = CONNECTING
  this._protocol = undefined
  this._extensions = ''
  this._bufferedAmount = 0
  this._binaryType = 'arraybuffer'
  this._connection = undefined
  this._client = new WebSocketClient(clientConfig)
  this._client.on('connect', (/** @type {any} */ connection) => connected(this, connection))
  this._client.on('connectFailed', () => connectFailed(this))
  this._client.connect(url, protocols, origin, headers, requestOptions)
}

/** @param {any} config the program's, which may be frozen */
function assembling (config) {
  if (typeof config !== 'object') throw new TypeError(`Invalid clientConfig: ${inspect(config)}; expected an object`)
  return Reflect.set(config, 'assembleFragments', true) ? config : { ...config, assembleFragments: true }
}

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  send (data) {
    if (this._readyState !== OPEN) throw new Error('cannot call send() while not connected')
    if (typeof data === 'string' || types.isStringObject(data)) return void this._connection.sendUTF(data)
    const message = binaryOf(data)
    if (Buffer.isBuffer(message)) this._connection.sendBytes(message)
    // Here `message` is a Blob.
    else if (message !== null) this._connection.sendBytes(data)
    else if (typeof data.byteLength === 'number') this._connection.sendBytes(Buffer.from(data))
    else throw new Error('unknown binary data:')
  },

  close (code, reason) {
    if (this._readyState === CONNECTING) {
      try {
        connectFailed(this)
      } finally {
        closeLater(this._client, code, reason)
      }
    } else if (this._readyState === OPEN) {
      this._readyState = CLOSING
      close(this._connection, code, reason)
    }
  }
}

/** @type {Record<string, (this: any) => any>} */
const getters = {
  url () { return this._url },
  readyState () { return this._readyState },
  protocol () { return this._protocol },
  extensions () { return this._extensions },
  bufferedAmount () { return (this._connection && linkOf(this._connection)?.bufferedAmount) ?? 0 }
}
for (const name in getters) Object.defineProperty(W3CWebSocket.prototype, name, { get: getters[name] })

Object.defineProperty(W3CWebSocket.prototype, 'binaryType', {
  get () {
    return this._binaryType
  },
  set (type) {
    if (type !== 'arraybuffer') throw new SyntaxError('just "arraybuffer" type allowed for "binaryType" attribute')
    this._binaryType = type
  }
})

for (const [name, state] of Object.entries(ReadyState)) {
  for (const owner of [W3CWebSocket.prototype, W3CWebSocket]) Object.defineProperty(owner, name, { get: () => state })
}

Object.assign(W3CWebSocket.prototype, methods)

/**
 * @param {any} connection
 * @param {any} code
 * @param {any} reason
 */
function close (connection, code, reason) {
  if (code) connection.close(code, reason)
  else connection.close()
}

/**
 * Closes the connection as soon as the client has opened it. Aborts the client if that takes longer than
 * `closeTimeout`.
 *
 * @param {any} client
 * @param {any} code
 * @param {any} reason
 */
function closeLater (client, code, reason) {
  const timer = programClock.timeout(() => client.abort(), client.config.closeTimeout).unref()
  client.on('connectFailed', () => timer.stop())
  client.on('connect', (/** @type {any} */ connection) => {
    timer.stop()
    close(connection, code, reason)
  })
}

/**
 * @param {any} ws
 * @param {any} connection
 */
function connected (ws, connection) {
  ws._readyState = OPEN
  ws._connection = connection
  ws._protocol = connection.protocol
  ws._extensions = connection.extensions
  connection.on('close', (/** @type {any} */ code, /** @type {any} */ reason) => connectionClosed(ws, code, reason))
  connection.on('message', (/** @type {any} */ message) => received(ws, message))
  ws.dispatchEvent(new Event('open'))
}

/**
 * @param {any} ws
 * @param {any} message
 */
function received (ws, { utf8Data, binaryData }) {
  // Also delivers empty texts, which the original discards.
  if (typeof utf8Data === 'string') dispatchMessage(ws, utf8Data)
  // Reads the public property, because the program may have redefined it.
  else if (binaryData && ws.binaryType === 'arraybuffer') dispatchMessage(ws, arrayBufferOf(binaryData))
}

/**
 * @param {any} ws
 * @param {string | ArrayBufferLike} data
 */
function dispatchMessage (ws, data) {
  const event = /** @type {any} */ (new Event('message'))
  event.data = data
  ws.dispatchEvent(event)
}

/** @param {any} ws that failed to connect, or was closed before it was open */
function connectFailed (ws) {
  stopListening(ws)
  ws._readyState = CLOSED
  try {
    ws.dispatchEvent(new Event('error'))
  } finally {
    dispatchClose(ws, 1006, 'connection failed')
  }
}

/**
 * @param {any} ws
 * @param {any} code
 * @param {any} reason
 */
function connectionClosed (ws, code, reason) {
  stopListening(ws)
  ws._readyState = CLOSED
  dispatchClose(ws, code, reason || '')
}

/**
 * Removes all listeners from the client and the connection.
 *
 * @param {any} ws
 */
function stopListening ({ _client, _connection }) {
  _client.removeAllListeners()
  if (_connection) _connection.removeAllListeners()
}

/**
 * @param {any} ws
 * @param {any} code
 * @param {string} reason
 */
function dispatchClose (ws, code, reason) {
  const event = /** @type {any} */ (new Event('close'))
  event.code = code
  event.reason = reason
  event.wasClean = code === undefined || code === 1000
  ws.dispatchEvent(event)
}

module.exports = W3CWebSocket
// Never runs: Node reads this text to find the names that ES modules import.
// eslint-disable-next-line no-constant-binary-expression
0 && (module.exports = { CONNECTING, OPEN, CLOSING, CLOSED })
