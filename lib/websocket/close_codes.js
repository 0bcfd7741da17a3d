// @ts-check
'use strict'

/** The close codes of RFC 6455 section 7.4.1 by name: static properties of WebSocketConnection. */
const CLOSE_REASONS = Object.freeze({
  CLOSE_REASON_NORMAL: 1000,
  CLOSE_REASON_GOING_AWAY: 1001,
  CLOSE_REASON_PROTOCOL_ERROR: 1002,
  CLOSE_REASON_UNPROCESSABLE_INPUT: 1003,
  CLOSE_REASON_RESERVED: 1004,
  CLOSE_REASON_NOT_PROVIDED: 1005,
  CLOSE_REASON_ABNORMAL: 1006,
  CLOSE_REASON_INVALID_DATA: 1007,
  CLOSE_REASON_POLICY_VIOLATION: 1008,
  CLOSE_REASON_MESSAGE_TOO_BIG: 1009,
  CLOSE_REASON_EXTENSION_REQUIRED: 1010,
  CLOSE_REASON_INTERNAL_SERVER_ERROR: 1011,
  CLOSE_REASON_TLS_HANDSHAKE_FAILED: 1015
})

/**
 * The default close reasons, to send and to report. Programs may add more.
 *
 * @type {Record<number, string>}
 */
const CLOSE_DESCRIPTIONS = {
  1000: 'Normal connection closure',
  1001: 'Remote peer is going away',
  1002: 'Protocol error',
  1003: 'Unprocessable input',
  1004: 'Reserved',
  1005: 'Reason not provided',
  1006: 'Abnormal closure, no further detail available',
  1007: 'Invalid data received',
  1008: 'Policy violation',
  1009: 'Message too big',
  1010: 'Extension requested by client is required',
  1011: 'Internal Server Error',
  1015: 'TLS Handshake Failed'
}

/**
 * Returns whether `close()` accepts a code: those that RFC 6455 section 7.4.1 defines for the wire, 1012 to 1015, and
 * 3000 to 4999 for libraries and applications.
 *
 * @param {number} code
 */
function isCloseCode (code) {
  if (!Number.isInteger(code)) return code >= 3000 && code < 5000
  return DEFINED.has(code) || (code >= 3000 && code <= 4999)
}

const DEFINED = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015])

module.exports = { CLOSE_DESCRIPTIONS, CLOSE_REASONS, isCloseCode }
