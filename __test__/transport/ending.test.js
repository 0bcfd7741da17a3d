'use strict'

// How sockets end, whatever moves their bytes.

const assert = require('node:assert/strict')
const { Duplex } = require('node:stream')
const { test } = require('node:test')

const { close, end, endSlowly } = require('../../lib/transport')

/** A stream that counts what is asked of it. `waiting` bytes of it have not been written. */
function stream (waiting = 0) {
  const counts = { ends: 0, timers: 0 }
  const socket = new Duplex({ read () {}, write () {} })
  socket.on('newListener', (name) => { if (name === 'close') counts.timers++ })
  const original = socket.end
  socket.end = (...args) => {
    counts.ends++
    return original.apply(socket, args)
  }
  if (waiting > 0) socket.write(Buffer.alloc(waiting))
  return { counts, socket }
}

for (const [name, first, second] of [
  ['ended twice', end, end],
  ['closed and ended', close, end],
  ['ended slowly and then closed', endSlowly, close]
]) {
  test(`a socket that is ${name} while bytes wait ends once, by one timer`, () => {
    const { counts, socket } = stream(100)
    first(socket)
    second(socket)
    assert.deepEqual(counts, { ends: 1, timers: 1 })
    assert.equal(socket.destroyed, false)
    socket.destroy()
  })
}

test('a socket without waiting bytes closes at once, and is not ended afterwards', () => {
  const { counts, socket } = stream()
  close(socket)
  end(socket)
  assert.deepEqual(counts, { ends: 0, timers: 0 })
  assert.ok(socket.destroyed)
})

test('a socket that closes in time stops its timer', async () => {
  const { socket } = stream(100)
  end(socket, 20)
  socket.destroy()
  await new Promise((resolve) => socket.on('close', resolve))
  let isDestroyedAgain = false
  socket.destroy = () => { isDestroyedAgain = true }
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(isDestroyedAgain, false)
})
