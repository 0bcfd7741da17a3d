// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { EventEmitter } = require('node:events')
const util = require('node:util')

/**
 * A list of buffers that reads like one buffer, for `frame.addData()`. Connections do not use it. Programs that parse
 * frames themselves require this file by the path of the original.
 *
 * @this {any}
 * @param {any} [options]
 */
function BufferList (options) {
  if (!(this instanceof BufferList)) return new /** @type {any} */ (BufferList)(options)
  EventEmitter.call(/** @type {any} */ (this))
  /** The encoding of the text that `take()` returns; undefined to return a Buffer. */
  this.encoding = options?.encoding
  this._chunks = []
  /** The number of consumed bytes of the first chunk. Without a chunk, the number of bytes to skip when more arrive. */
  this._offset = 0
  this._length = 0
}
util.inherits(BufferList, EventEmitter)

// A negative length is the number of later bytes to skip, after an advance beyond the end.
Object.defineProperty(BufferList.prototype, 'length', { get () { return this._length } })

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const methods = {
  write (chunk) {
    this._chunks.push(chunk)
    this._length += chunk.length
    this.emit('write', chunk)
    return true
  },

  end (chunk) {
    if (Buffer.isBuffer(chunk)) this.write(chunk)
  },

  push (...chunks) {
    for (const chunk of chunks.flat()) this.write(chunk)
    return this
  },

  /** Calls the function with each buffer until it returns a truthy value. */
  forEach (callback) {
    skip(this)
    this._chunks.some((/** @type {Buffer} */ chunk, /** @type {number} */ index) => {
      return callback(index === 0 ? chunk.subarray(this._offset) : chunk)
    })
    return this
  },

  /** Returns a copy of the bytes between two positions. */
  join (start, end) {
    const from = start ?? 0
    return this.joinInto(Buffer.alloc(Math.max((end ?? this._length) - from, 0)), 0, from, end)
  },

  joinInto (target, targetStart, sourceStart, sourceEnd) {
    const start = sourceStart ?? 0
    const end = sourceEnd ?? this._length
    if (target.length - targetStart < end - start) throw new Error('Insufficient space available in target Buffer.')
    let position = 0
    this.forEach((/** @type {Buffer} */ chunk) => {
      const from = Math.max(start - position, 0)
      if (from < chunk.length) chunk.copy(target, targetStart + position + from - start, from, end - position)
      position += chunk.length
      return position >= end
    })
    return target
  },

  advance (count) {
    this._offset += count
    this._length -= count
    skip(this)
    this.emit('advance', count)
    return this
  },

  /** Returns the first `count` bytes, or all: as a Buffer, or as text if there is an encoding. */
  take (count, encoding) {
    if (typeof count !== 'number') return this.take(this._length, count ?? encoding)
    const bytes = this.join(0, Math.min(count, Math.max(this._length, 0)))
    return encoding || this.encoding ? bytes.toString(encoding || this.encoding) : bytes
  },

  toString () {
    return this.take('binary')
  }
}

Object.assign(BufferList.prototype, methods)

/** @param {any} list */
function skip (list) {
  while (list._chunks.length > 0 && list._offset >= list._chunks[0].length) list._offset -= list._chunks.shift().length
}

module.exports = BufferList
module.exports.BufferList = BufferList
