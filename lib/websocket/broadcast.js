// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { binaryOf } = require('../connection/messages')
const { PreparedMessage } = require('../connection/prepared')
const transports = require('../transport')
const { isUsual, sendMessage, textOf } = require('./sending')

/**
 * Sends a text message on all of these connections.
 *
 * @param {any[]} connections
 * @param {any} data
 */
function broadcastText (connections, data) {
  if (connections.length > 0) send(connections, 'sendUTF', data, textOf(data))
}

/**
 * Sends a binary message on all of these connections.
 *
 * @param {any[]} connections
 * @param {any} data
 */
function broadcastBytes (connections, data) {
  const message = binaryOf(data)
  if (Buffer.isBuffer(message)) send(connections, 'sendBytes', data, message)
  else for (const connection of connections) connection.sendBytes(data)
}

/**
 * Frames the message once, and writes it to all sockets together. On a connection whose methods the program has
 * replaced, calls the program's method instead.
 *
 * @param {any[]} connections
 * @param {'sendUTF' | 'sendBytes'} method
 * @param {any} data the argument of the program
 * @param {string | Buffer} message its text or its bytes
 */
function send (connections, method, data, message) {
  const prepared = PreparedMessage.messageOf(new PreparedMessage(message))
  transports.batch(() => {
    // Iterates over a copy, because the program's methods may change the list.
    for (const connection of [...connections]) {
      if (isUsual(connection, method)) sendMessage(connection, prepared, undefined)
      else connection[method](data)
    }
  })
}

module.exports = { broadcastBytes, broadcastText }
