// @ts-check
'use strict'

// The opening handshake where Node's HTTP carries it: a client's key, the accept value, and what a server must refuse.

const binding = require('../native')

const { acceptValue, handshakeKey } = binding

/**
 * Why a server must refuse this request, in the words of the interface that the policy is of; null if it is a good one.
 * A connection made with the same policy judges it in the same way, by the same code, when it starts.
 *
 * @param {any} request an `http.IncomingMessage`
 * @param {import('../../binding').ConnectionOptions} policy
 */
function judgeHandshake ({ method, httpVersion, headers }, policy) {
  return binding.judgeHandshake(String(method), httpVersion === '1.1', headers, policy)
}

module.exports = { acceptValue, handshakeKey, judgeHandshake }
