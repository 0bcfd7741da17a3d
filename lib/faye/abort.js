'use strict'

const { inspect } = require('node:util')
const { nextTick } = require('../runtime')

/**
 * The sockets that an AbortSignal ends. One listener per signal: many sockets may share one, of which Node 18 would
 * complain otherwise.
 *
 * @type {WeakMap<AbortSignal, { sockets: Set<any>, listener: () => void }>}
 */
const watched = new WeakMap()

/** An AbortSignal, Node's or another one of its kind, or undefined. */
function abortSignal (value) {
  if (value === undefined || value === null) return undefined
  if (typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function') return value
  throw new TypeError(`Invalid signal: ${inspect(value)}; expected an AbortSignal`)
}

function watch (signal, socket) {
  let entry = watched.get(signal)
  if (entry === undefined) {
    const sockets = new Set()
    entry = { sockets, listener: () => terminateAll([...sockets]) }
    watched.set(signal, entry)
    signal.addEventListener('abort', entry.listener)
  }
  entry.sockets.add(socket)
}

function unwatch (signal, socket) {
  const entry = watched.get(signal)
  if (entry === undefined || !entry.sockets.delete(socket) || entry.sockets.size > 0) return
  watched.delete(signal)
  signal.removeEventListener('abort', entry.listener)
}

/** What the handlers of one throw must not keep the others. */
function terminateAll (sockets) {
  for (const socket of sockets) {
    try {
      socket._terminate()
    } catch (error) {
      nextTick(() => { throw error })
    }
  }
}

module.exports = { abortSignal, watch, unwatch }
