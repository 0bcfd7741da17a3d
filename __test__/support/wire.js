'use strict'

// Frames and handshakes, written without the code under test.

const { createHash } = require('node:crypto')

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY = 'JFBCWHksyIpXV+6Wlq/9pw=='
const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 }
const NAMES = new Map(Object.entries(OPCODES).map(([name, opcode]) => [opcode, name]))

const acceptOf = (key) => createHash('sha1').update(key + GUID).digest('base64')

/** Returns one frame. `mask` is a 4-byte Buffer or null; `length` overrides the announced payload length. */
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

/** Returns a frame as a client sends it: masked. */
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

/** Returns the complete frames at the start of `bytes`, unmasked, and the remaining bytes. */
function readFrames (bytes) {
  const frames = []
  let offset = 0
  for (let extent; (extent = frameAt(bytes, offset)); offset = extent.end) frames.push(readFrame(bytes, offset, extent))
  return { frames, rest: bytes.subarray(offset) }
}

/** Counts the complete frames. This is much cheaper than reading them. */
function countFrames (bytes) {
  let count = 0
  for (let extent = frameAt(bytes, 0); extent; extent = frameAt(bytes, extent.end)) count++
  return count
}

/** Returns the offsets of the frame at `start`, or null if the frame is incomplete. */
function frameAt (bytes, start) {
  if (bytes.length < start + 2) return null
  const masked = (bytes[start + 1] & 0x80) !== 0
  const form = bytes[start + 1] & 0x7f
  let offset = start + 2 + (form === 126 ? 2 : form === 127 ? 8 : 0)
  if (bytes.length < offset) return null
  const length = form === 126
    ? bytes.readUInt16BE(start + 2)
    : form === 127 ? Number(bytes.readBigUInt64BE(start + 2)) : form
  const mask = masked ? bytes.subarray(offset, offset + 4) : null
  if (masked) offset += 4
  const end = offset + length
  return bytes.length < end ? null : { end, form, mask, offset }
}

function readFrame (bytes, start, { end, form, mask, offset }) {
  const raw = bytes.subarray(offset, end)
  return {
    fin: (bytes[start] & 0x80) !== 0,
    rsv: (bytes[start] >> 4) & 7,
    type: NAMES.get(bytes[start] & 15),
    form: form < 126 ? 7 : form === 126 ? 16 : 64,
    mask: mask && Buffer.from(mask),
    payload: mask ? applyMask(raw, mask) : Buffer.from(raw)
  }
}

/** Returns an upgrade request. A value of `null` omits the header. */
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

/** Returns the response to the head of a client's request. A value of `null` omits the header. */
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
  KEY,
  acceptOf,
  closePayload,
  countFrames,
  frame,
  fromClient,
  headerOf,
  readFrames,
  upgradeRequest,
  upgradeResponse
}
