'use strict'

// The context of a connection, where hooks and wrappers of programs come in between.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { test } = require('node:test')

const { Context } = require('../../lib/transport/context')

test('work that a wrapper of emit brings about takes the place of no other work', () => {
  const socket = new EventEmitter()
  const context = new Context(socket)
  const done = []
  let isFirst = true
  socket.emit = function (...args) {
    if (isFirst) {
      isFirst = false
      context.run(() => done.push('brought about'))
    }
    return EventEmitter.prototype.emit.apply(this, args)
  }
  context.run(() => done.push('asked for'))
  context.release()
  assert.deepEqual(done, ['brought about', 'asked for'])
})
