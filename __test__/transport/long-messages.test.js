'use strict'

// Messages so long that the reactor writes them from the program's memory, and reads them into the memory of the
// message.

const assert = require('node:assert/strict')

const { starts, transports } = require('../support/native')
const { eventually, once } = require('../support/peer')
const { test } = require('../support/test')

const KiB = 1024
const MiB = KiB * KiB

/** Returns bytes that differ at each position modulo 251. */
const bytes = (length, first = 0) => Buffer.from({ length }, (_, index) => (first + index) % 251)

for (const [role, start] of Object.entries(starts)) {
  for (const transport of transports) {
    const opened = async (scope) => (await start(scope, { transport })).open()
    const name = (text) => `${role}, ${transport}: ${text}`

    test(name('a buffer that changes after send() does not change the message'), async (scope) => {
      const { peer, ws } = await opened(scope)
      peer.socket.pause()
      const sent = []
      for (const length of [64 * KiB, 64 * KiB - 1, 3 * MiB, 8 * MiB, 100 * KiB]) {
        const message = bytes(length, sent.length)
        sent.push(Buffer.from(message))
        ws.send(message)
        message.fill(0xff)
      }
      await scope.settle(20)
      assert.notEqual(ws.bufferedAmount, 0, 'the kernel accepts everything')
      peer.socket.resume()
      const frames = await peer.frames(sent.length)
      frames.forEach(({ payload }, index) => assert.ok(payload.equals(sent[index]), `message ${index}`))
      await eventually(() => ws.bufferedAmount === 0, 'an empty buffer')
    })

    test(name('long and short messages, pings and receipts keep their order'), async (scope) => {
      const { frame, peer, ws } = await opened(scope)
      const passed = []
      const long = bytes(200 * KiB)
      const text = 'ä€x'.repeat(50 * KiB)
      const sendAll = () => {
        ws.send('1')
        ws.send(long)
        ws.send(text)
        ws.ping('2')
        ws.send(long, {}, () => passed.push('long'))
        ws.send('3', {}, () => passed.push('short'))
        ws.send(bytes(5 * MiB), {}, () => passed.push('longest'))
        ws.send('4')
      }
      sendAll()
      ws.once('message', sendAll)
      peer.write(frame('text', 'again'))
      const frames = await peer.frames(16)
      const expected = ['1', long, text, '2', long, '3', bytes(5 * MiB), '4']
      for (const [index, { payload }] of frames.entries()) {
        assert.ok(payload.equals(Buffer.from(expected[index % 8])), `message ${index}`)
      }
      await eventually(() => passed.length === 6, 'the receipts')
      assert.deepEqual(passed, ['long', 'short', 'longest', 'long', 'short', 'longest'])
    })

    test(name('a long message arrives in pieces of any length'), async (scope) => {
      const { frame, peer, ws } = await opened(scope)
      const binary = bytes(700 * KiB)
      const text = 'aß€𝄞'.repeat(40 * KiB)
      for (const piece of [1500, 16 * KiB + 1, 64 * KiB, 128 * KiB, 300 * KiB]) {
        const received = []
        ws.onmessage = ({ data }) => received.push(data)
        const wire = Buffer.concat([frame('binary', binary), frame('text', text), frame('text', 'end')])
        for (let at = 0; at < wire.length; at += piece) {
          peer.write(wire.subarray(at, at + piece))
          if (piece >= 16 * KiB) await new Promise((resolve) => setImmediate(resolve))
        }
        await eventually(() => received.length === 3, 'the messages')
        assert.ok(binary.equals(received[0]), `binary in pieces of ${piece}`)
        assert.equal(received[1] === text, true, `text in pieces of ${piece}`)
        assert.equal(received[2], 'end')
      }
    })

    test(name('a long message to a peer that has reset the connection ends it'), async (scope) => {
      const { peer, ws } = await opened(scope)
      const closed = once(ws, 'close')
      peer.socket.resetAndDestroy?.() ?? peer.socket.destroy()
      const timer = setInterval(() => ws.send(bytes(MiB)), 1)
      scope.defer(() => clearInterval(timer))
      assert.equal((await closed).code, 1006)
      assert.equal(ws.send(bytes(MiB)), false)
    })
  }
}
