// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const threads = require('node:worker_threads')

/**
 * Memory that short binary messages share. A Buffer with memory of its own costs a microsecond, and more when it is
 * collected. Node does the same for `Buffer.from` and `Buffer.allocUnsafe`.
 *
 * A program that keeps one message keeps the memory of all that share it, so this memory is small.
 */
const SIZE = 8192
/** The maximum length of a message in this memory: the native half puts none into it that is longer than its half. */
const MAX_LENGTH = SIZE / 2

let memory = create()
/** The position behind the last message: a multiple of eight, so that every typed array can begin at a message. */
let used = 0
/** Whether a message of this run has found no room. */
let isFull = false

/**
 * Replaces the numbers in a run by Buffers. A number is the length of a message in the memory, or of a piece.
 *
 * @param {any[]} run messages, or messages in pieces
 * @returns {any[]} the same array
 */
function take (run) {
  for (let i = 0; i < run.length; i++) {
    const message = run[i]
    if (typeof message === 'string') continue
    if (!Array.isArray(message)) run[i] = bytesOf(message)
    else for (let piece = 1; piece < message.length; piece++) message[piece] = bytesOf(message[piece])
  }
  if (isFull) {
    memory = create()
    used = 0
    isFull = false
  }
  return run
}

/** Returns memory that a program cannot transfer to another thread, because that would detach all of its messages. */
function create () {
  const memory = Buffer.alloc(SIZE)
  // Other runtimes may lack the function.
  threads.markAsUntransferable?.(memory.buffer)
  return memory
}

/** @param {Buffer | number} bytes */
function bytesOf (bytes) {
  if (typeof bytes === 'number') {
    const start = used
    used += (bytes + 7) & ~7
    if (SIZE - used < bytes) isFull = true
    return memory.subarray(start, start + bytes)
  }
  if (used > 0 && bytes.length > 0 && bytes.length <= MAX_LENGTH) isFull = true
  return bytes
}

module.exports = {
  take,
  get memory () {
    return memory
  },
  get used () {
    return used
  }
}
