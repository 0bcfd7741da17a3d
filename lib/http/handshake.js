// @ts-check
'use strict'

// The opening handshake over Node's HTTP: a client's key, the accept value, and the check of a server.

const binding = require('../native')

const { acceptValue, handshakeKey } = binding

/**
 * Returns why a server must refuse this request, worded as the policy requires, or null if the request is valid. A
 * connection with the same policy runs the same check when it starts.
 *
 * @param {any} request an `http.IncomingMessage`
 * @param {import('../../binding').ConnectionOptions} policy
 */
function judgeHandshake ({ method, httpVersion, headers }, policy) {
  return binding.judgeHandshake(String(method), httpVersion === '1.1', headers, policy)
}

module.exports = { acceptValue, handshakeKey, judgeHandshake }
