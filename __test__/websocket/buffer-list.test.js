'use strict'

const test = require('node:test')
const assert = require('node:assert/strict')

const BufferList = require('faye-websocket-rs/websocket/vendor/FastBufferList')
const WebSocketFrame = require('faye-websocket-rs/websocket/lib/WebSocketFrame')
const TheirList = require('websocket/vendor/FastBufferList')

const CONFIG = { maxReceivedFrameSize: 0x100000 }

const newFrame = () => new WebSocketFrame(Buffer.alloc(4), Buffer.alloc(10), CONFIG)

test('a program can parse frames from a list of chunks of any size', () => {
  const texts = ['Hello', '', 'world'.repeat(100)]
  const bytes = Buffer.concat(texts.map((text) => {
    const frame = newFrame()
    Object.assign(frame, { opcode: 1, binaryPayload: Buffer.from(text), mask: true, fin: true })
    return frame.toBuffer()
  }))
  for (const size of [1, 7, bytes.length]) {
    const list = new BufferList()
    const read = []
    let frame = newFrame()
    for (let at = 0; at < bytes.length; at += size) {
      list.write(bytes.subarray(at, at + size))
      while (frame.addData(list)) {
        read.push(frame.binaryPayload.toString())
        frame = newFrame()
      }
    }
    assert.deepEqual([read, list.length], [texts, 0])
  }
})

test('the methods of the list do the same as those of the original', () => {
  const run = (List) => {
    const list = new List()
    const seen = []
    list.on('write', (chunk) => seen.push(['write', chunk.toString()]))
    list.on('advance', (count) => seen.push(['advance', count]))
    const see = (value) => seen.push(Buffer.isBuffer(value) ? value.toString('latin1') : value)
    see(list.write(Buffer.from('abc')))
    see(list.push(Buffer.from('def'), [Buffer.from('gh')]) === list)
    list.end(Buffer.from('ij'))
    list.end()
    see(list.length)
    for (const range of [[], [2], [2, 7], [0, 0], [9, 10]]) see(list.join(...range))
    see(list.advance(4) === list)
    see(list.length)
    list.forEach((chunk) => see(chunk))
    list.forEach((chunk) => { see(chunk); return true })
    see(list.take(3))
    see(list.take(3, 'hex'))
    see(list.take('latin1'))
    see(list.take())
    see(String(list))
    const target = Buffer.alloc(6, '.')
    see(list.joinInto(target, 1, 2, 5) === target)
    see(target)
    assert.throws(() => list.joinInto(target, 4, 0, 3), /^Error: Insufficient space available in target Buffer\.$/)
    list.advance(8)
    see(list.length)
    list.write(Buffer.from('klmn'))
    see(list.length)
    see(list.take(2))
    see(List({ encoding: 'utf8' }).encoding)
    see(List.BufferList === List)
    return seen
  }
  assert.deepEqual(run(BufferList), run(TheirList))
})
