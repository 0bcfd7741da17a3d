'use strict'

// Frames and handshakes written by hand, so that no WebSocket code checks itself.

const { createHash } = require('node:crypto')

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY = 'JFBCWHksyIpXV+6Wlq/9pw=='
const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 }
const NAMES = new Map(Object.entries(OPCODES).map(([name, opcode]) => [opcode, name]))

const acceptOf = (key) => createHash('sha1').update(key + GUID).digest('base64')

/** One frame. `mask` is a 4-byte Buffer or null; `length` overrides the announced payload length. */
function frame (type, payload = '', { fin = true, rsv = 0, mask = null, length } = {}) {
  const opcode = typeof type === 'number' ? type : OPCODES[type]
  const body = Buffer.from(payload)
  const announced = length === undefined ? body.length : length
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const masked = mask ? 0x80 : 0

  let head
  if (announced <= 125) {
    head = Buffer.from([first, masked | announced])
  } else if (announced <= 0xffff) {
    head = Buffer.from([first, masked | 126, announced >> 8, announced & 0xff])
  } else {
    head = Buffer.alloc(10)
    head[0] = first
    head[1] = masked | 127
    head.writeBigUInt64BE(BigInt(announced), 2)
  }
  if (!mask) return Buffer.concat([head, body])
  return Buffer.concat([head, mask, applyMask(body, mask)])
}

const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78])

/** A frame as a client sends it. */
const fromClient = (type, payload, options) => frame(type, payload, { mask: MASK, ...options })

function closePayload (code, reason = '') {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}

function applyMask (payload, mask) {
  return Buffer.from(payload.map((byte, index) => byte ^ mask[index % 4]))
}

/** The complete frames at the start of `bytes`, unmasked, and what is left behind them. */
function readFrames (bytes) {
  const frames = []
  let offset = 0
  for (;;) {
    const parsed = readFrame(bytes, offset)
    if (!parsed) return { frames, rest: bytes.subarray(offset) }
    frames.push(parsed.frame)
    offset = parsed.end
  }
}

function readFrame (bytes, start) {
  if (bytes.length < start + 2) return null
  const masked = (bytes[start + 1] & 0x80) !== 0
  let length = bytes[start + 1] & 0x7f
  const form = length
  let offset = start + 2
  if (form === 126) {
    if (bytes.length < offset + 2) return null
    length = bytes.readUInt16BE(offset)
    offset += 2
  } else if (form === 127) {
    if (bytes.length < offset + 8) return null
    length = Number(bytes.readBigUInt64BE(offset))
    offset += 8
  }
  const mask = masked ? bytes.subarray(offset, offset + 4) : null
  if (masked) offset += 4
  if (bytes.length < offset + length) return null
  const raw = bytes.subarray(offset, offset + length)
  return {
    end: offset + length,
    frame: {
      fin: (bytes[start] & 0x80) !== 0,
      rsv: (bytes[start] >> 4) & 7,
      type: NAMES.get(bytes[start] & 15),
      form: form < 126 ? 7 : form === 126 ? 16 : 64,
      mask: mask && Buffer.from(mask),
      payload: mask ? applyMask(raw, mask) : Buffer.from(raw)
    }
  }
}

/** An upgrade request; a header of `null` is left out. */
function upgradeRequest (headers = {}, { method = 'GET', target = '/', version = '1.1' } = {}) {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers
  }
  const lines = []
  for (const [name, value] of Object.entries(all)) {
    if (value !== null) lines.push(...[].concat(value).map((one) => `${name}: ${one}\r\n`))
  }
  return `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`
}

/** The answer to a client's request head; a header of `null` is left out. */
function upgradeResponse (requestHead, headers = {}, status = '101 Switching Protocols') {
  const all = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptOf(headerOf(requestHead, 'sec-websocket-key')),
    ...headers
  }
  const lines = []
  for (const [name, value] of Object.entries(all)) {
    if (value !== null) lines.push(...[].concat(value).map((one) => `${name}: ${one}\r\n`))
  }
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`
}

function headerOf (head, name) {
  const line = head.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name}:`))
  return line === undefined ? undefined : line.slice(name.length + 1).trim()
}

module.exports = {
  KEY, MASK, acceptOf, closePayload, frame, fromClient, headerOf, readFrames, upgradeRequest, upgradeResponse
}
