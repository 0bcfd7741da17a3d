// @ts-check
'use strict'

// The members of Node's TLS sockets by which the program of a server learns about a connection. The values are
// properties of the socket. The methods belong to its prototypes, because defining them takes longer than the rest of
// its adoption. The prototypes remain when the adoption has ended.

const { X509Certificate } = require('node:crypto')
const { nextTick } = require('../scheduling')
const { ADOPTION } = require('./adopted')
const { agreementOf, cipherOf, descriptorsOf, legacyChainOf } = require('./agreement')

/**
 * Adds all properties that a socket gets from this file and from Node's HTTP server. The caller then changes the class
 * of the socket. After that, V8 would give every socket a hidden class of its own for each new property, and access to
 * their properties would be slow.
 *
 * @param {any} socket
 */
function reserveMembers (socket) {
  socket.encrypted = socket.authorized = socket.authorizationError = undefined
  socket.alpnProtocol = socket.servername = socket.secureConnecting = socket.timeout = undefined
  socket.parser = socket._httpMessage = null
  socket._paused = false
  const { on, addListener, prependListener, setEncoding } = socket
  socket.on = on
  socket.addListener = addListener
  socket.prependListener = prependListener
  socket.setEncoding = setEncoding
}

/**
 * Sets the values. They say that the handshake is in progress.
 *
 * @param {any} socket
 */
function declareTls (socket) {
  socket.encrypted = true
  socket.authorized = false
  socket.authorizationError = socket.alpnProtocol = socket.servername = null
  socket.secureConnecting = true
}

/**
 * Stores the result of the handshake, before the server accepts the client.
 *
 * @param {any} socket
 */
function declareResult (socket) {
  const { protocol, name, isTrusted, refusal } = socket[ADOPTION].greeting()
  // The limit for the handshake has ended. A program may have set a timeout already.
  socket.timeout ??= 0
  socket.alpnProtocol = protocol ?? false
  socket.servername = name ?? false
  socket.authorized = isTrusted
  socket.authorizationError = refusal ?? null
}

/**
 * Node's methods. For a question that the reactor cannot answer, they return the same as Node when there is no answer.
 * After the end of the connection, they return null or undefined, as Node's.
 */
const methods = {
  /**
   * @this {any}
   * @param {boolean} [isDetailed]
   */
  getPeerCertificate (isDetailed) {
    const agreement = agreementOf(this)
    if (agreement === null) return null
    return agreement.certificates.length > 0 ? legacyChainOf(agreement.certificates, isDetailed) : {}
  },

  /** @this {any} */
  getPeerX509Certificate () {
    return certificateOf(agreementOf(this)?.certificates[0])
  },

  /** @this {any} */
  getCertificate () {
    const agreement = agreementOf(this)
    return agreement && (certificateOf(agreement.own)?.toLegacyObject() ?? {})
  },

  /** @this {any} */
  getX509Certificate () {
    return certificateOf(agreementOf(this)?.own)
  },

  /** @this {any} */
  getProtocol () {
    return agreementOf(this)?.version ?? null
  },

  /** @this {any} */
  getCipher () {
    const agreement = agreementOf(this)
    return agreement && cipherOf(agreement)
  },

  /** @this {any} */
  isSessionReused () {
    return agreementOf(this)?.isResumed ?? null
  },

  // Node has an answer only at a client.
  getEphemeralKeyInfo: () => null,

  /** @this {any} */
  getSharedSigalgs () {
    return agreementOf(this) && []
  },

  getSession: noAnswer,
  getTLSTicket: noAnswer,
  getFinished: noAnswer,
  getPeerFinished: noAnswer,

  exportKeyingMaterial () {
    throw failed('ERR_TLS_INVALID_STATE', 'faye-websocket-rs exports no keying material')
  },

  /**
   * @param {any} options
   * @param {(error: Error) => void} [callback]
   */
  renegotiate (options, callback) {
    if (callback) nextTick(callback, failed('ERR_SSL_NO_RENEGOTIATION', 'faye-websocket-rs does not renegotiate'))
    return false
  },

  /** Returns whether the size of records has changed. */
  setMaxSendFragment: () => false,

  setServername () {
    throw failed('ERR_TLS_SNI_FROM_SERVER', 'Cannot issue SNI from a TLS server-side socket')
  },

  setSession () {},
  setKeyCert () {},
  disableRenegotiation () {},
  enableTrace () {}
}

/**
 * Returns Node's value for a question without an answer.
 *
 * @this {any}
 * @returns {null | undefined}
 */
function noAnswer () {
  return agreementOf(this) === null ? null : undefined
}

/** @param {Buffer | undefined} der */
function certificateOf (der) {
  return der && new X509Certificate(der)
}

/**
 * @param {string} code
 * @param {string} message
 */
function failed (code, message) {
  return Object.assign(new Error(message), { code })
}

const SERVER_METHODS = descriptorsOf(methods)

module.exports = { SERVER_METHODS, declareResult, declareTls, reserveMembers }
