// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const net = require('node:net')
const { ADOPTION, AdoptedSocket } = require('./adopted')

/** @type {any} */
const Socket = net.Socket

/**
 * A socket over which the reactor speaks TLS. The reactor does the work of the kernel for the program that writes:
 * Node's stream provides buffers, backpressure, ends and events. After the adoption, each write fails.
 */
class TlsSocket extends AdoptedSocket {
  static isTls = true

  /**
   * @param {boolean} isMany
   * @param {any} data
   * @param {any} encoding
   * @param {(error?: any) => void} done
   */
  _writeGeneric (isMany, data, encoding, done) {
    const bytes = isMany ? joined(data) : bytesOf(data, encoding)
    this._unrefTimer()
    this[ADOPTION].owner.writeAround(bytes, done)
  }

  /** @param {(error?: any) => void} done */
  _final (done) {
    const end = () => Socket.prototype._final.call(this, done)
    const rest = this[ADOPTION].closeTls()
    if (rest.length > 0) writeRaw(this, rest, end)
    else end()
  }

  /**
   * @param {any} error
   * @param {(error?: any) => void} done
   */
  _destroy (error, done) {
    const { owner } = this[ADOPTION]
    super._destroy(error, (/** @type {any} */ reason) => {
      done(reason)
      owner.detach(reason)
    })
  }
}

/**
 * Writes records. Node's stream does not see them.
 *
 * @param {any} socket
 * @param {Buffer} records
 * @param {(error?: any) => void} done
 */
function writeRaw (socket, records, done) {
  Socket.prototype._writeGeneric.call(socket, false, records, 'buffer', done)
}

/**
 * Joins chunks. An empty one is frequent: `http` ends a response with it.
 *
 * @param {any[]} chunks
 */
function joined (chunks) {
  const full = chunks.filter(({ chunk }) => chunk.length > 0)
  if (full.length === 1) return bytesOf(full[0].chunk, full[0].encoding)
  return Buffer.concat(full.map(({ chunk, encoding }) => bytesOf(chunk, encoding)))
}

/**
 * @param {any} chunk
 * @param {any} encoding
 * @returns {Uint8Array}
 */
function bytesOf (chunk, encoding) {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
}

module.exports = { TlsSocket, writeRaw }
