'use strict'

const { createHash } = require('node:crypto')
const { inspect } = require('node:util')

const { readFrames } = require('../support/wire')

const EVENTS = ['open', 'message', 'error', 'close']
const STREAM_EVENTS = ['data', 'end', 'ping', 'pong']
const SHORT = 200
const LONG = 8000

/** The observations of one run of a script, as lines of text in order. */
class Transcript {
  constructor () {
    this.lines = []
    this.names = new Map()
  }

  add (what, ...details) {
    this.lines.push([what, ...details.map(describe)].join(' '))
  }

  /** Replaces a text that differs from run to run, such as a port or a key, with `name`. */
  hide (text, name) {
    this.names.set(text, name)
  }

  port (port, name = 'PORT') {
    this.hide(`:${port}`, `:${name}`)
  }

  finished () {
    return this.lines.map((line) => {
      for (const [text, name] of this.names) line = line.replaceAll(text, name)
      return line
    })
  }

  /** Calls `action` and records its result or its exception. */
  call (what, action) {
    let result
    try {
      result = action()
    } catch (error) {
      this.add(`${what} throws`, error)
      return undefined
    }
    this.add(`${what} returns`, result)
    return result
  }

  /** Records only whether `action` throws and the class of the error: V8 words the message, not the library. */
  kind (what, action) {
    try {
      action()
    } catch (error) {
      this.add(`${what} throws ${error.constructor.name}`)
      return
    }
    this.add(`${what} does not throw`)
  }

  head (what, head) {
    this.add(what, head
      .replace(/(Sec-WebSocket-Key: )\S+/i, '$1KEY')
      .replace(/(Sec-WebSocket-Accept: )\S+/i, '$1ACCEPT'))
  }

  /** Records all bytes that a server has written since the head. */
  wire (peer, name = 'wire') {
    this.add(name, peer.bytes)
  }

  /** Records the frames that a client has written since the head, unmasked because masking keys are random. */
  frames (peer, name = 'frames') {
    const { frames, rest } = readFrames(peer.bytes)
    for (const each of frames) {
      this.add(name, { ...each, mask: each.mask !== null })
    }
    if (rest.length > 0) this.add(`${name}: incomplete`, rest)
  }

  /** Records all events of `ws`, with its properties during each event. */
  watch (ws, name = '') {
    const prefix = name === '' ? '' : `${name} `
    const seen = new Map()
    for (const type of EVENTS) {
      ws[`on${type}`] = (event) => {
        seen.set(type, event)
        this.event(`${prefix}on${type}`, ws, event)
      }
      ws.on(type, (event) => {
        const same = seen.get(type) === event ? 'same event object' : 'another event object'
        this.add(`${prefix}${type}: ${same}, state ${ws.readyState}`)
      })
    }
    for (const type of STREAM_EVENTS) {
      ws.on(type, (...details) => this.add(`${prefix}${type}`, ...details, propertiesOf(ws)))
    }
  }

  event (what, ws, event) {
    const { target, currentTarget, ...own } = event
    this.add(what, sorted(own), target === ws && currentTarget === ws ? 'target' : 'foreign target', propertiesOf(ws))
  }
}

function propertiesOf (ws) {
  const { readyState, protocol, url, version, readable, writable, headers, statusCode } = ws
  return {
    readyState, protocol, url, version, readable, writable, headers: headers && { ...headers }, statusCode
  }
}

function sorted (object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function describe (value) {
  if (typeof value === 'string' && value.length > LONG) return `string ${value.length} ${digest(value)}`
  if (Buffer.isBuffer(value)) return describeBytes(value)
  if (value instanceof Error) return `${value.constructor.name}: ${value.message}`
  if (typeof value === 'function') return `[function ${value.name}]`
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return `{ ${Object.entries(value).map(([key, each]) => `${key}: ${describe(each)}`).join(', ')} }`
  }
  return inspect(value, { breakLength: Infinity })
}

function describeBytes (bytes) {
  return bytes.length > SHORT
    ? `<${bytes.toString('hex', 0, 16)}… ${bytes.length} ${digest(bytes)}>`
    : `<${bytes.toString('hex')}>`
}

const digest = (value) => createHash('sha256').update(value).digest('hex').slice(0, 16)

module.exports = { Transcript }
