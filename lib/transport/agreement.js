// @ts-check
'use strict'

const { X509Certificate } = require('node:crypto')
const { ADOPTION } = require('./adopted')

/**
 * The methods by which programs ask a TLS socket about its server, as in Node. They are own properties of the socket,
 * so they remain when the adoption has ended.
 *
 * @typedef {import('../../binding').TlsAgreement} Agreement
 */
const methods = {
  /**
   * Returns the same as Node's method, except that the chain of `issuerCertificate` ends with the last certificate that
   * the server has sent.
   *
   * @this {any}
   * @param {boolean} [isDetailed]
   */
  getPeerCertificate (isDetailed) {
    const agreement = agreementOf(this)
    return agreement && legacyChainOf(agreement.certificates, isDetailed)
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
 * Returns the first certificate in Node's older form, with its issuers if `isDetailed`.
 *
 * @param {Buffer[]} certificates in DER
 * @param {boolean} [isDetailed]
 */
function legacyChainOf (certificates, isDetailed) {
  const chain = certificates.map((der) => new X509Certificate(der))
  const [first, ...issuers] = chain.map((each) => each.toLegacyObject())
  if (!isDetailed) return first
  let last = /** @type {any} */ (first)
  for (const issuer of issuers) last = last.issuerCertificate = issuer
  const end = chain[chain.length - 1]
  if (end.checkIssued(end)) last.issuerCertificate = last
  return first
}

/**
 * Returns the cipher with its name in OpenSSL and its name in the RFCs.
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
 * Adds the properties and methods of a TLS socket to a socket whose server is verified. Returns the socket.
 *
 * @param {any} socket
 * @param {string | undefined} servername the name that was sent to the server (SNI)
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

/**
 * Returns descriptors of methods that programs do not enumerate, as those of a class.
 *
 * @param {object} methods
 * @returns {PropertyDescriptorMap}
 */
function descriptorsOf (methods) {
  return Object.fromEntries(Object.entries(methods).map(([name, value]) =>
    [name, { value, configurable: true, writable: true }]))
}

const DESCRIPTORS = descriptorsOf(methods)

module.exports = { agreementOf, cipherOf, declareAgreement, descriptorsOf, legacyChainOf }
