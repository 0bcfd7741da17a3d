// @ts-check
'use strict'

const { inspect } = require('node:util')
const { throwSoon } = require('../scheduling')

/**
 * The connections that an AbortSignal terminates. Each signal has one listener, because Node 18 warns about many
 * listeners on a signal.
 *
 * @typedef {{ terminate: () => void }} Abortable
 * @type {WeakMap<AbortSignal, { connections: Set<Abortable>, listener: () => void }>}
 */
const watched = new WeakMap()

/**
 * Returns an AbortSignal, of Node or of a polyfill, or undefined. Throws for other values.
 *
 * @param {any} value
 * @returns {AbortSignal | undefined}
 */
function abortSignal (value) {
  if (value === undefined || value === null) return undefined
  if (typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function') return value
  throw new TypeError(`Invalid signal: ${inspect(value)}; expected an AbortSignal`)
}

/**
 * @param {AbortSignal} signal
 * @param {Abortable} connection
 */
function watch (signal, connection) {
  let entry = watched.get(signal)
  if (entry === undefined) {
    const connections = /** @type {Set<Abortable>} */ (new Set())
    entry = { connections, listener: () => terminateAll([...connections]) }
    watched.set(signal, entry)
    signal.addEventListener('abort', entry.listener)
  }
  entry.connections.add(connection)
}

/**
 * @param {AbortSignal} signal
 * @param {Abortable} connection
 */
function unwatch (signal, connection) {
  const entry = watched.get(signal)
  if (entry === undefined || !entry.connections.delete(connection) || entry.connections.size > 0) return
  watched.delete(signal)
  signal.removeEventListener('abort', entry.listener)
}

/**
 * Terminates connections. An exception of one connection's handlers does not affect the others.
 *
 * @param {Abortable[]} connections
 */
function terminateAll (connections) {
  for (const connection of connections) {
    try {
      connection.terminate()
    } catch (error) {
      throwSoon(error)
    }
  }
}

module.exports = { abortSignal, watch, unwatch }
