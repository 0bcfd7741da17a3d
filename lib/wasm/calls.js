// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { isUint8Array } = require('node:util').types
const { call, current, endIfTrapped } = require('./current')
const { innerNumber } = require('./prepared')
const { lengthOf } = require('./values')

/**
 * The functions that run for every message, chunk or turn. `crates/wasm/src/calls.rs` contains their other half. If the
 * instance of a connection has ended, they return the same as for a released connection. The exception is `messages`,
 * which reports that `poll` has output: the end of the connection.
 *
 * @typedef {ReturnType<typeof import('../../binding').calls>} Calls
 * @typedef {'text' | 'bytes' | 'now' | 'frame' | 'prepared' | 'plain'} Sending
 * @typedef {Sending | 'receive' | 'messages' | 'outputLength' | 'takeOutput'} Frequent
 * @typedef {import('./instance').Instance} Instance
 */

/** Values of `Sent`. */
const { Refused: REFUSED, WaitsForWork: WAITS_FOR_WORK } = call('constants').Sent
/** A number that no connection has. */
const NONE = -1

/** @type {Calls['text']} */
function text (number, message) {
  if (typeof message !== 'string') throw invalid()
  const one = current()
  const own = numberOf(number, one)
  try {
    return sent(one, one.enter(one.exports.text, own, one.putText(message)))
  } catch (error) {
    return failed(one, error, WAITS_FOR_WORK)
  }
}

/** @type {Calls['bytes']} */
function bytes (number, isText, message) {
  if (!isUint8Array(message)) throw invalid()
  const one = current()
  const own = numberOf(number, one)
  try {
    return sent(one, one.enter(one.exports.bytes, own, isText === true, one.putBytes(message)))
  } catch (error) {
    return failed(one, error, WAITS_FOR_WORK)
  }
}

/** @type {Calls['now']} */
function now (number, message) {
  return typeof message === 'string' ? text(number, message) : bytes(number, false, message)
}

/**
 * Sends nothing: a copy from the memory of the instance is necessary anyway.
 *
 * @type {Calls['frame']}
 */
function frame () {
  return 0
}

/** @type {Calls['prepared']} */
function prepared (number, message) {
  return sendPrepared(number, message, false)
}

/** @type {Calls['plain']} */
function plain (number, message) {
  if (typeof message === 'number') return sendPrepared(number, message, true)
  const isText = typeof message === 'string'
  if (!isText && !isUint8Array(message)) throw invalid()
  const one = current()
  const own = numberOf(number, one)
  try {
    const length = isText ? one.putText(message) : one.putBytes(message)
    return sent(one, one.enter(one.exports.plain, own, isText, length))
  } catch (error) {
    return failed(one, error, WAITS_FOR_WORK)
  }
}

/**
 * @param {number} number
 * @param {number} message
 * @param {boolean} isPlain
 */
function sendPrepared (number, message, isPlain) {
  const inner = innerNumber(message)
  if (inner === undefined) throw invalid()
  const one = current()
  const own = numberOf(number, one)
  try {
    return one.enter(one.exports.prepared, own, inner, isPlain)
  } catch (error) {
    return failed(one, error, WAITS_FOR_WORK)
  }
}

/** @type {Calls['receive']} */
function receive (number, chunk) {
  if (!isUint8Array(chunk)) throw invalid()
  const one = current()
  const own = numberOf(number, one)
  try {
    one.enter(one.exports.receive, own, one.putBytes(chunk))
    one.tidy()
  } catch (error) {
    failed(one, error, undefined)
  }
}

/** @type {Calls['messages']} */
function messages (number) {
  const one = current()
  const own = numberOf(number, one)
  if (own === NONE) return undefined
  try {
    const count = one.enter(one.exports.messages, own)
    if (count > 0) return run(one, own, count)
    return count === 0 ? null : undefined
  } catch (error) {
    return failed(one, error, undefined)
  }
}

/**
 * Returns the decoded messages. Fails the connection if JavaScript has no memory for one of them.
 *
 * @param {Instance} one
 * @param {number} own
 * @param {number} count
 */
function run (one, own, count) {
  const memory = one.memory()
  const { numbers, resultIndex } = one
  let at = numbers[resultIndex]
  let next = numbers[resultIndex + 1] >>> 2
  /** @type {any[]} */
  const all = []
  try {
    for (let left = count; left > 0; left--) {
      const what = numbers[next++]
      const end = at + numbers[next++]
      if (what === 0) all.push(memory.latin1Slice(at, end))
      else if (what === IS_UTF8) all.push(memory.utf8Slice(at, end))
      else if (what === IS_BINARY) all.push(copy(memory, at, end))
      else {
        const pieces = numbers[next]
        all.push(piecesOf(memory, at, end, (what & IS_BINARY) === 0, numbers.subarray(next + 1, next + pieces)))
        next += pieces
      }
      at = end
    }
  } catch {
    one.enter(one.exports.exhaust, own)
  }
  return all.length > 0 ? all : undefined
}

/**
 * Returns a message in pieces: whether it is text, followed by its pieces.
 *
 * @param {import('./values').Memory} memory
 * @param {number} start
 * @param {number} end
 * @param {boolean} isText
 * @param {Uint32Array} cuts the end of each piece except the last
 */
function piecesOf (memory, start, end, isText, cuts) {
  const pieces = []
  let at = start
  for (const cut of cuts) {
    pieces.push(copy(memory, at, start + cut))
    at = start + cut
  }
  return [isText, ...pieces, copy(memory, at, end)]
}

/**
 * @param {import('./values').Memory} memory
 * @param {number} start
 * @param {number} end
 */
function copy (memory, start, end) {
  const bytes = Buffer.allocUnsafeSlow(end - start)
  memory.copy(bytes, 0, start, end)
  return bytes
}

/** @type {Calls['outputLength']} */
function outputLength (number) {
  const one = current()
  const own = numberOf(number, one)
  try {
    return one.enter(one.exports.output, own)
  } catch (error) {
    return failed(one, error, 0)
  }
}

/** @type {Calls['takeOutput']} */
function takeOutput (number, into) {
  if (!isUint8Array(into)) throw invalid()
  const one = current()
  const own = numberOf(number, one)
  try {
    const length = Math.min(one.enter(one.exports.output, own), lengthOf(into))
    const memory = one.memory()
    const at = one.numbers[one.resultIndex]
    memory.copy(into, 0, at, at + length)
    one.enter(one.exports.advance, own, length)
    return length
  } catch (error) {
    return failed(one, error, 0)
  }
}

/**
 * Returns the number of a connection in its instance; `NONE` if that instance has ended.
 *
 * @param {number} number
 * @param {Instance} one
 */
function numberOf (number, { base }) {
  if (typeof number !== 'number') throw invalid()
  return number >= base ? number - base : NONE
}

/**
 * @param {Instance} one
 * @param {number} pending the result of the instance
 */
function sent (one, pending) {
  one.tidy()
  return pending
}

/**
 * Returns `answer`, the result of a function whose instance has trapped. Throws other errors.
 *
 * @template T
 * @param {Instance} one
 * @param {unknown} error
 * @param {T} answer
 */
function failed (one, error, answer) {
  endIfTrapped(one, error)
  return answer
}

function invalid () {
  return new TypeError('Invalid argument: expected a string, a Buffer or another Uint8Array')
}

/** The bits that describe a message, the same as in `crates/wasm/src/calls.rs`. */
const IS_BINARY = 1
const IS_UTF8 = 2

const functions = { text, bytes, now, frame, prepared, plain, receive, messages, outputLength, takeOutput }

/** @returns {Pick<Calls, Frequent>} */
function calls () {
  return { ...functions }
}

module.exports = { REFUSED, WAITS_FOR_WORK, calls, messages }
