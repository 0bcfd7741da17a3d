'use strict'

// The context of a connection, when hooks and wrappers of the program run inside it.

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { test } = require('node:test')

const { Context } = require('../../lib/transport/context')

test('work that a wrapper of emit adds does not replace the pending work', () => {
  const socket = new EventEmitter()
  const context = new Context(socket)
  const done = []
  let isFirst = true
  socket.emit = function (...args) {
    if (isFirst) {
      isFirst = false
      context.run(() => done.push('added by the wrapper'))
    }
    return EventEmitter.prototype.emit.apply(this, args)
  }
  context.run(() => done.push('pending'))
  context.release()
  assert.deepEqual(done, ['added by the wrapper', 'pending'])
})
