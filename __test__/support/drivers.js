'use strict'

// Drivers of websocket-driver's interface without a socket: requests, open drivers, and recorders of their output.

const assert = require('node:assert/strict')

const websocket = require('../../lib/websocket-driver')
const { KEY, closePayload, readFrames, upgradeResponse } = require('./wire')

const EVENTS = ['connect', 'open', 'message', 'ping', 'pong', 'error', 'close']

/**
 * Returns a request as an http server parses it, with these `headers` added or replaced. A value of `undefined` omits
 * the header.
 */
function request (headers = {}, more = {}) {
  const all = {
    host: 'example.com',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': KEY,
    'sec-websocket-version': '13',
    ...headers
  }
  for (const name in all) if (all[name] === undefined) delete all[name]
  return { method: 'GET', url: '/', headers: all, ...more }
}

/** Records the output of a driver in order: names and details of events, texts of heads, types of frames. */
function observe (driver) {
  const seen = []
  driver.io.on('data', (chunk) => {
    const text = chunk.toString('latin1')
    if (/^(HTTP\/|GET )/.test(text)) return seen.push(['head', text])
    for (const { type, payload } of readFrames(chunk).frames) seen.push(['frame', type, payload.toString('latin1')])
  })
  for (const type of EVENTS) {
    driver.on(type, (event) => {
      seen.push([type, ...(event instanceof Error ? [event.message] : Object.values(event))])
    })
  }
  return seen
}

/** Returns a server's open driver. Calls `prepare(driver)` before it starts the driver. */
function openServer (options, prepare = () => {}, headers = {}) {
  const driver = websocket.http(request(headers), options)
  prepare(driver)
  driver.start()
  return { driver, seen: observe(driver) }
}

/** Returns a client's driver that has sent its request, and the request as `head`. */
function dial (options, prepare = () => {}) {
  const driver = websocket.client('ws://example.com/', options)
  prepare(driver)
  let head = ''
  driver.io.once('data', (chunk) => { head = chunk.toString() })
  driver.start()
  return { driver, head, seen: observe(driver) }
}

/** Returns a client's open driver. `headers` are the headers of the response. */
function openClient (options, prepare, headers) {
  const { driver, head } = dial(options, prepare)
  driver.io.write(Buffer.from(upgradeResponse(head, headers)))
  return { driver, seen: observe(driver) }
}

/**
 * Returns the output of a driver for these bytes. Asserts that the output is the same when the bytes arrive one by one.
 */
function outcome (open, bytes) {
  const run = (size) => {
    const { driver, seen } = open()
    for (let at = 0; at < bytes.length; at += size) driver.io.write(bytes.subarray(at, at + size))
    return seen
  }
  const whole = run(bytes.length)
  assert.deepEqual(run(1), whole, 'byte by byte')
  return whole
}

/** Returns the expected output of a driver that fails the connection. */
function failure (code, message, before = []) {
  return [...before, ['frame', 'close', closePayload(code, message).toString('latin1')],
    ['error', message], ['close', code, message]]
}

module.exports = { dial, failure, observe, openClient, openServer, outcome, request }
