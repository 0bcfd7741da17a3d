// @ts-check
'use strict'

const { Promise } = require('../scheduling')
const { connectionOf } = require('./connection')
const { CLOSED } = require('./ready_state')

/** The number of messages, and of their bytes or characters, that may wait for the loop before the socket is paused. */
const MAX_MESSAGES = 64
const MAX_SIZE = 64 * 1024
/** The close code without a close frame, RFC 6455 section 7.1.5. */
const LOST = 1006

const iterated = new WeakSet()

/**
 * An iterator over the messages of a socket. Stores a limited number of messages while the loop is busy, then pauses
 * the socket. Ends with the connection; throws if the connection has failed.
 */
class MessageIterator {
  #socket
  /** @type {any[]} */
  #waiting = []
  #size = 0
  /**
   * The promises of `next()` that wait for a message.
   *
   * @type {Array<{ resolve: (result: { value: any, done: boolean }) => void, reject: (error: any) => void }>}
   */
  #requests = []
  #isPaused = false
  #hasEnded = false
  /** @type {Error | null} */
  #error = null

  /** @param {any} socket */
  constructor (socket) {
    if (iterated.has(socket)) throw new Error('This socket is already being iterated')
    this.#socket = socket
    if (socket.readyState === CLOSED) {
      this.#hasEnded = true
      return
    }
    iterated.add(socket)
    socket.on('message', this.#onMessage)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  [Symbol.asyncIterator] () {
    return this
  }

  next () {
    if (this.#waiting.length > 0) {
      const value = this.#waiting.shift()
      this.#size -= sizeOf(value)
      if (this.#waiting.length === 0 && this.#isPaused) this.#resume()
      return Promise.resolve({ value, done: false })
    }
    if (this.#error !== null) {
      const error = this.#error
      this.#error = null
      return Promise.reject(error)
    }
    if (this.#hasEnded) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve, reject) => this.#requests.push({ resolve, reject }))
  }

  /**
   * Ends the iteration early: discards the stored messages, as Node's streams do, and closes the socket.
   *
   * @param {any} [value]
   */
  return (value) {
    this.#waiting = []
    this.#error = null
    if (!this.#hasEnded) {
      this.#end()
      this.#socket.close()
    }
    return Promise.resolve({ value, done: true })
  }

  #onMessage = (/** @type {{ data: any }} */ { data }) => {
    const request = this.#requests.shift()
    if (request !== undefined) return request.resolve({ value: data, done: false })
    this.#waiting.push(data)
    this.#size += sizeOf(data)
    if (this.#isPaused || (this.#waiting.length < MAX_MESSAGES && this.#size < MAX_SIZE)) return
    this.#isPaused = true
    this.#socket.pause()
  }

  #onError = (/** @type {{ message: string }} */ { message }) => {
    this.#error = new Error(message)
  }

  #onClose = (/** @type {{ code: number | null }} */ { code }) => {
    if (code === LOST && !connectionOf(this.#socket).isOurs) {
      this.#error ??= new Error('The connection has ended without a close frame (code 1006)')
    }
    this.#end()
  }

  #end () {
    const socket = this.#socket
    this.#hasEnded = true
    iterated.delete(socket)
    socket.removeListener('message', this.#onMessage)
    socket.removeListener('error', this.#onError)
    socket.removeListener('close', this.#onClose)
    if (this.#isPaused) this.#resume()
    const requests = this.#requests.splice(0)
    if (this.#error !== null && requests.length > 0) {
      requests.shift()?.reject(this.#error)
      this.#error = null
    }
    for (const { resolve } of requests) resolve({ value: undefined, done: true })
  }

  #resume () {
    this.#isPaused = false
    this.#socket.resume()
  }
}

/** @param {any} data */
function sizeOf (data) {
  return typeof data === 'string' ? data.length : data.byteLength
}

module.exports = { MessageIterator }
