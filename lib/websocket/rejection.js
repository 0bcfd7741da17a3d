// @ts-check
'use strict'

// The HTTP responses to handshakes that a server rejects.

const { Buffer } = require('node:buffer')
const transports = require('../transport')
const ignore = require('./ignore')

/**
 * Returns the bytes of the response: a head without a body.
 *
 * @param {any} status 403 replaces an invalid one
 * @param {any} reason
 * @param {any} headers
 */
function rejection (status, reason, headers) {
  const code = Number.isInteger(status) && status >= 100 && status <= 999 ? status : 403
  const lines = [`HTTP/1.1 ${code} ${DESCRIPTIONS[code]}`, 'Connection: close']
  if (reason) lines.push(`X-WebSocket-Reject-Reason: ${latin1(reason)}`)
  // Includes inherited headers, as the original does.
  for (const name in headers) lines.push(`${latin1(name)}: ${latin1(headers[name])}`)
  return Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'latin1')
}

/**
 * Returns the text of a header without CR, LF and NUL, which could end the header.
 *
 * @param {any} value
 */
function headerText (value) {
  return value.toString().replace(/[\r\n\0]/g, '')
}

/**
 * Converts a text to one byte per character, as the original does. Removes line breaks after the conversion, because
 * it turns some other characters into line breaks.
 *
 * @param {any} value
 */
function latin1 (value) {
  return headerText(Buffer.from(value.toString(), 'latin1').toString('latin1'))
}

/**
 * Writes the last bytes to a socket and ends it. Destroys the socket if the peer does not read them and end its half
 * within a time limit. Ignores errors of the socket.
 *
 * @param {any} socket
 * @param {Buffer} bytes
 */
function endWith (socket, bytes) {
  socket.on('error', ignore)
  if (socket.destroyed) return
  socket.write(bytes)
  transports.disconnect(socket, null, 'end')
  // Discards the bytes that the peer has sent after its request, so that the socket reaches its end.
  socket.resume()
}

/**
 * The reason phrases of the original. Some differ from Node's, and other codes have none.
 *
 * @type {Record<number, string>}
 */
const DESCRIPTIONS = {
  100: 'Continue',
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  305: 'Use Proxy',
  307: 'Temporary Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  406: 'Not Acceptable',
  407: 'Proxy Authorization Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Long',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  417: 'Expectation Failed',
  426: 'Upgrade Required',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported'
}

module.exports = { endWith, headerText, rejection }
