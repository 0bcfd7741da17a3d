// @ts-check
'use strict'

// Errors of sockets, with the properties of Node's errors.

const { getSystemErrorName } = require('node:util')

/**
 * @param {'read' | 'write'} syscall
 * @param {number} number
 */
function systemError (syscall, number) {
  const code = getSystemErrorName(-number)
  return Object.assign(new Error(`${syscall} ${code}`), { errno: -number, code, syscall })
}

/** Returns Node's error for a peer that closes the socket during the handshake. */
function hangUp () {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

/**
 * Returns a TLS error with OpenSSL's names.
 *
 * @param {number | string} cause the number of an alert (RFC 8446 section 6), or the reactor's reason to refuse
 */
function tlsError (cause) {
  if (typeof cause === 'string') return refusal(cause)
  const reason = ALERTS.get(cause) ?? `reason(${1000 + cause})`
  return opensslError(1000 + cause, reason, `ssl3_read_bytes:${reason}:SSL alert number ${cause}`)
}

/** @param {string} reason of the reactor, in OpenSSL's words if it has an equivalent */
function refusal (reason) {
  const number = REASONS.get(reason)
  if (number !== undefined) return opensslError(number, reason, `:${reason}`)
  return Object.assign(new Error(`TLS: ${reason}`), { code: 'ERR_SSL_PROTOCOL_ERROR' })
}

/**
 * @param {number} number
 * @param {string} reason
 * @param {string} text
 */
function opensslError (number, reason, text) {
  const code = `ERR_SSL_${reason.replace(/[( ]/g, '_').replace(/\)/, '').toUpperCase()}`
  const digits = (LIBRARY + number).toString(16).toUpperCase().padStart(8, '0')
  const error = new Error(`error:${digits}:SSL routines:${text}`)
  return Object.assign(error, { library: 'SSL routines', reason, code })
}

/** The reasons that the reactor and OpenSSL share, with OpenSSL's numbers. */
const REASONS = new Map([
  ['bad key update', 122],
  ['data length too long', 146],
  ['https proxy request', 155],
  ['http request', 156],
  ['no shared cipher', 193],
  ['packet length too long', 198],
  ['peer did not return a certificate', 199],
  ['no application protocol', 235],
  ['unexpected message', 244],
  ['unsupported protocol', 258],
  ['wrong version number', 267],
  ['decryption failed or bad record mac', 281]
])

/** OpenSSL's number for its SSL library. */
const LIBRARY = 0x0a000000
const [major, minor] = (process.versions.openssl || '3.0').split('.').map(Number)
const OLDEST = major > 3 || (major === 3 && minor >= 2) ? 'ssl/tls alert' : 'sslv3 alert'
const ALERTS = new Map([
  [10, `${OLDEST} unexpected message`],
  [20, `${OLDEST} bad record mac`],
  [21, 'tlsv1 alert decryption failed'],
  [22, 'tlsv1 alert record overflow'],
  [30, `${OLDEST} decompression failure`],
  [40, `${OLDEST} handshake failure`],
  [41, `${OLDEST} no certificate`],
  [42, `${OLDEST} bad certificate`],
  [43, `${OLDEST} unsupported certificate`],
  [44, `${OLDEST} certificate revoked`],
  [45, `${OLDEST} certificate expired`],
  [46, `${OLDEST} certificate unknown`],
  [47, `${OLDEST} illegal parameter`],
  [48, 'tlsv1 alert unknown ca'],
  [49, 'tlsv1 alert access denied'],
  [50, 'tlsv1 alert decode error'],
  [51, 'tlsv1 alert decrypt error'],
  [60, 'tlsv1 alert export restriction'],
  [70, 'tlsv1 alert protocol version'],
  [71, 'tlsv1 alert insufficient security'],
  [80, 'tlsv1 alert internal error'],
  [86, 'tlsv1 alert inappropriate fallback'],
  [90, 'tlsv1 alert user cancelled'],
  [100, 'tlsv1 alert no renegotiation'],
  [109, 'tlsv13 alert missing extension'],
  [110, 'tlsv1 unsupported extension'],
  [111, 'tlsv1 certificate unobtainable'],
  [112, 'tlsv1 unrecognized name'],
  [113, 'tlsv1 bad certificate status response'],
  [114, 'tlsv1 bad certificate hash value'],
  [115, 'tlsv1 alert unknown psk identity'],
  [116, 'tlsv13 alert certificate required'],
  [120, 'tlsv1 alert no application protocol']
])

module.exports = { hangUp, systemError, tlsError }
