// @ts-check
'use strict'

const { X509Certificate } = require('node:crypto')
const { ADOPTION } = require('./adopted')

/**
 * What programs ask a socket by TLS about the server, as they ask Node's. Properties of the socket's own, which stay
 * when the reactor has let go of it.
 *
 * @typedef {import('../../binding').TlsAgreement} Agreement
 */
const methods = {
  /**
   * As Node's, but that the last `issuerCertificate` is the last that the server has sent.
   *
   * @this {any}
   * @param {boolean} [isDetailed]
   */
  getPeerCertificate (isDetailed) {
    const agreement = agreementOf(this)
    if (agreement === null) return null
    const chain = agreement.certificates.map((der) => new X509Certificate(der))
    const [first, ...issuers] = chain.map((each) => each.toLegacyObject())
    if (!isDetailed) return first
    let last = /** @type {any} */ (first)
    for (const issuer of issuers) last = last.issuerCertificate = issuer
    const end = chain[chain.length - 1]
    if (end.checkIssued(end)) last.issuerCertificate = last
    return first
  },

  /** @this {any} */
  getPeerX509Certificate () {
    const agreement = agreementOf(this)
    return agreement === null ? undefined : new X509Certificate(agreement.certificates[0])
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
    return agreementOf(this) && false
  }
}

/**
 * @param {any} socket
 * @returns {Agreement | null} null when the socket is closed
 */
function agreementOf (socket) {
  return socket[ADOPTION].agreement()
}

/**
 * By the names of OpenSSL and of the RFCs.
 *
 * @param {Agreement} agreement
 */
function cipherOf ({ cipher, version }) {
  const standardName = cipher.replace(/^TLS13_/, 'TLS_')
  const name = version === 'TLSv1.3'
    ? standardName
    : standardName.replace('TLS_', '').replace('_WITH', '').replace('AES_', 'AES')
      .replace('POLY1305_SHA256', 'POLY1305').replace(/_/g, '-')
  return { name, standardName, version }
}

/**
 * Has a socket whose server is the right one say so. Returns the socket.
 *
 * @param {any} socket
 * @param {string | undefined} servername that the server was told
 */
function declareAgreement (socket, servername) {
  const { protocol } = /** @type {Agreement} */ (agreementOf(socket))
  Object.assign(socket, {
    encrypted: true,
    authorized: true,
    authorizationError: null,
    alpnProtocol: protocol ?? false,
    servername: servername || false
  })
  return Object.defineProperties(socket, DESCRIPTORS)
}

/** @type {PropertyDescriptorMap} */
const DESCRIPTORS = Object.fromEntries(Object.entries(methods).map(([name, value]) =>
  [name, { value, configurable: true, writable: true }]))

module.exports = { declareAgreement }
