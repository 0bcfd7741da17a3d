// @ts-check
'use strict'

const { inspect } = require('node:util')
const { isBlob } = require('../bytes')
const { messageOf, takesBinary } = require('../connection/messages')
const { PreparedMessage } = require('../connection/prepared')
const transports = require('../transport')
const { SOCKET } = require('./api')
const { OPEN } = require('./ready_state')

const BRIEF = { depth: -1, breakLength: Infinity, maxStringLength: 100 }

/**
 * Returns a message for `send()` of any connection. The core encodes and compresses it once for all connections.
 *
 * @param {any} data
 */
function prepare (data) {
  if (PreparedMessage.messageOf(data) !== null) return data
  const message = messageOf(data)
  if (!isBlob(message)) return new PreparedMessage(message)
  throw new TypeError('A Blob cannot be prepared: prepare(await blob.arrayBuffer())')
}

/**
 * Sends a message on all of these connections that are open, and returns their number. If `send()` of a connection
 * throws, sends the message on the others before it throws the error.
 *
 * @param {any} connections
 * @param {any} data
 * @param {any} [options]
 */
function broadcast (connections, data, options = undefined) {
  // A copy, because a replaced method may change the collection during the loop.
  const sockets = socketsOf(connections)
  const message = prepare(data)
  const { isText } = /** @type {import('../connection/prepared').Message} */ (PreparedMessage.messageOf(message))
  /** @type {any[]} */
  const errors = []
  let count = 0
  transports.batch(() => {
    for (const socket of sockets) {
      if (socket.readyState !== OPEN || !(isText || takesBinary(socket))) continue
      try {
        if (options === undefined) socket.send(message)
        else socket.send(message, options)
        count += 1
      } catch (error) {
        errors.push(error)
      }
    }
  })
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} connections failed to send the message`)
  return count
}

/** @param {any} connections */
function socketsOf (connections) {
  if (typeof connections?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`Invalid connections: ${inspect(connections, BRIEF)}; expected an iterable of sockets`)
  }
  const sockets = [...connections]
  const stranger = sockets.findIndex((socket) => socket?.[SOCKET] !== true)
  if (stranger < 0) return sockets
  throw new TypeError(`Invalid connection: ${inspect(sockets[stranger], BRIEF)}; expected a socket of this package`)
}

module.exports = { broadcast, prepare }
