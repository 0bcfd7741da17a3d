// @ts-check
'use strict'

const { inspect } = require('node:util')
const { throwSoon } = require('../scheduling')

/**
 * The connections that an AbortSignal ends. One listener per signal: many may share one, of which Node 18 would
 * complain otherwise.
 *
 * @typedef {{ terminate: () => void }} Abortable
 * @type {WeakMap<AbortSignal, { connections: Set<Abortable>, listener: () => void }>}
 */
const watched = new WeakMap()

/**
 * An AbortSignal, Node's or another one of its kind, or undefined.
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
 * What the handlers of one throw must not keep the others.
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
