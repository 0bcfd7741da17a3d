// @ts-check
'use strict'

const { isBlob } = require('../bytes')
const { Callback } = require('../callback')
const { messageOf, takesBinary } = require('../connection/messages')
const { Queue } = require('../connection/queue')
const { refuse } = require('../connection/receipts')
const { OPEN } = require('./ready_state')

/** @typedef {import('./connection').SocketConnection} SocketConnection */

/**
 * Sends a message that is neither a string nor a Buffer, that has options or a callback, or that waits for a Blob.
 * Ignores other values of these parameters, such as the index that `forEach(ws.send, ws)` passes.
 *
 * @param {SocketConnection} connection
 * @param {any} data
 * @param {any} [options]
 * @param {any} [callback]
 * @returns {boolean}
 */
function send (connection, data, options, callback) {
  if (typeof options === 'function') callback = options
  // Reads these first, because that may run code of the application, and throw.
  const isPlain = options?.compress === false
  const message = messageOf(data)
  const receipt = typeof callback === 'function' ? new Callback(callback) : null
  if (connection.state > OPEN) {
    if (receipt !== null) refuse(receipt)
    return false
  }
  if (connection.queue === null && isBlob(message)) {
    if (!takesBinary(connection.engine)) {
      if (receipt !== null) refuse(receipt)
      return false
    }
    connection.queue = new Queue(connection)
  }
  if (connection.queue !== null) return connection.queue.push(message, receipt, isPlain)
  return connection.engine.outgoing.sendWith(message, receipt, isPlain)
}

module.exports = { send }
