// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { binaryOf } = require('../connection/messages')
const { PreparedMessage } = require('../connection/prepared')
const transports = require('../transport')
const { isUsual, sendMessage, textOf } = require('./sending')

/**
 * Sends a text to all of these connections.
 *
 * @param {any[]} connections
 * @param {any} data
 */
function broadcastText (connections, data) {
  if (connections.length > 0) send(connections, 'sendUTF', data, textOf(data))
}

/**
 * Sends bytes to all of these connections.
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
 * The message is framed once for all, and leaves together. A connection whose methods a program has replaced is called
 * by them.
 *
 * @param {any[]} connections
 * @param {'sendUTF' | 'sendBytes'} method
 * @param {any} data what the program sends
 * @param {string | Buffer} message what that is
 */
function send (connections, method, data, message) {
  const prepared = PreparedMessage.messageOf(new PreparedMessage(message))
  transports.batch(() => {
    // A program may change the list meanwhile.
    for (const connection of [...connections]) {
      if (isUsual(connection, method)) sendMessage(connection, prepared, undefined)
      else connection[method](data)
    }
  })
}

module.exports = { broadcastBytes, broadcastText }
