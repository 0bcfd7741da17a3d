// @ts-check
'use strict'

const calls = require('./calls')
const { Connection, find } = require('./connection')
const { call } = require('./current')
const { HEADERS, accepts } = require('./http')

/**
 * The functions that run once or twice in the life of a connection. In WebAssembly every connection has an object, and
 * these functions find it by its number. Its owner must keep it: see `Connection.of`.
 *
 * @typedef {ReturnType<typeof import('../../binding').calls>} Calls
 */

const { ReadyState } = call('constants')

/** @type {Omit<Calls, keyof ReturnType<typeof calls.calls>>} */
const functions = {
  accepts,
  server (options, method, location, needsHost, ...values) {
    const headers = Object.fromEntries(HEADERS.map((name, index) => [name, values[index]]))
    return Connection.server(method, location, needsHost, headers, options ?? {}).number
  },
  version: (number) => find(number)?.version,
  protocol: (number) => find(number)?.protocol ?? null,
  start: (number) => find(number)?.start() ?? false,
  // Only a transport with a reactor asks.
  wouldClose: () => false,
  poll: (number) => calls.messages(number),
  close: (number, code, reason) => find(number)?.close(code, reason) ?? false,
  readyState: (number) => find(number)?.readyState ?? ReadyState.Closed,
  hasWork: (number) => find(number)?.hasWork ?? false,
  bufferedAmount: (number) => find(number)?.bufferedAmount ?? 0,
  release: (number) => find(number)?.release()
}

/** @returns {Calls} */
module.exports = { calls: () => ({ ...calls.calls(), ...functions }) }
