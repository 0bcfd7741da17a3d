'use strict'

// Runs the same script with websocket-driver and with lib/websocket-driver, and again with its bytes split in every
// way. The size of chunks must not matter.

const assert = require('node:assert/strict')

const original = require('websocket-driver')
const ours = require('../../lib/websocket-driver')
const drivers = require('../support/drivers')
const { inScope, test } = require('../support/test')
const wire = require('../support/wire')
const { Transcript } = require('./transcript')

const EVENTS = ['connect', 'open', 'message', 'ping', 'pong', 'error', 'close']
const SHORT = 64

/** Delivers the bytes of a script to a driver in pieces. */
class Feed {
  constructor (name, sizesOf) {
    this.name = name
    this.sizesOf = sizesOf
    this.longest = 0
  }

  /** Writes the bytes to `target`, which is `driver.io` or a proxy. Ignores the results, which depend on the pieces. */
  deliver (target, ...parts) {
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)))
    this.longest = Math.max(this.longest, bytes.length)
    let offset = 0
    for (const size of this.sizesOf(bytes.length)) {
      // A copy, because the original unmasks in place.
      target.write(Buffer.from(bytes.subarray(offset, offset + size)))
      offset += size
    }
  }
}

const wholeFeed = () => new Feed('whole', (length) => [length])
const byteFeed = () => new Feed('byte by byte', (length) => Array(length).fill(1))
const cutFeed = (at) => new Feed(`cut at ${at}`, (length) => (at < length ? [at, length - at] : [length]))

function * cutFeeds (longest) {
  if (longest < 2) return
  yield byteFeed()
  if (longest > SHORT) return
  for (let at = 1; at < longest; at++) yield cutFeed(at)
}

async function record (library, script, feed) {
  const log = new Transcript()
  try {
    await inScope((scope) => script(library, log, feed, scope))
  } catch (error) {
    error.message += `\nwith the bytes ${feed.name}, after:\n${log.finished().join('\n')}`
    throw error
  }
  return log.finished()
}

/**
 * `script(library, log, feed, scope)` must record the transcript of the original with whole bytes, for every split of
 * the bytes. `whole` is the reason why a script itself depends on splits, which skips them. `originalCuts` says how the
 * original depends on splits, which is checked too.
 */
function parity (name, script, { whole, originalCuts } = {}) {
  test(`driver: ${name}`, async () => {
    const feed = wholeFeed()
    const expected = await record(original, script, feed)
    assert.notEqual(expected.length, 0, 'the script recorded nothing')
    if (process.env.SHOW_TRANSCRIPTS) console.log(`${name}\n  ${expected.join('\n  ')}`)
    assert.deepEqual(await record(ours, script, wholeFeed()), expected)
    if (whole) return

    let originalDiffers = false
    for (const cut of cutFeeds(feed.longest)) {
      assert.deepEqual(await record(ours, script, cut), expected, `ours, ${cut.name}`)
      try {
        assert.deepEqual(await record(original, script, cut), expected, `the original, ${cut.name}`)
      } catch (error) {
        if (!originalCuts) throw error
        originalDiffers = true
      }
    }
    assert.equal(originalDiffers, Boolean(originalCuts), 'whether the original depends on splits')
  }, { timeout: 40000 })
}

/** A row per case: `[name, value, options]`. */
function parityTable (name, rows, script, options) {
  for (const [row, value, rowOptions] of rows) {
    parity(`${name}: ${row}`, (library, log, feed, scope) => script(library, log, feed, value, scope),
      { ...options, ...rowOptions })
  }
}

/** Returns the current properties of a driver. */
function propertiesOf (driver) {
  const { readyState, protocol, version, url, method, headers, statusCode, body, io, messages } = driver
  const flags = [io.readable, io.writable, messages.readable, messages.writable].map(Number).join('')
  return {
    readyState,
    state: driver.getState(),
    // The original sets this to null when a client refuses the response.
    protocol: protocol === null ? undefined : protocol,
    version,
    url,
    method,
    headers: headers && Object.entries(headers).flat(),
    statusCode,
    body,
    flags
  }
}

/** Records heads as text and frames as hex, a client's frames without their random masks. */
function noteWrite (log, what, chunk, state) {
  const text = chunk.toString('latin1')
  if (/^(HTTP\/|GET |CONNECT )/.test(text)) return log.add(what, text, state)
  const { frames, rest } = wire.readFrames(chunk)
  if (rest.length > 0 || frames.some(({ mask }) => mask === null)) return log.add(what, chunk, state)
  for (const frame of frames) log.add(`${what} masked`, { ...frame, mask: undefined }, state)
}

/** Records all events of a driver and of its streams. */
function watch (log, driver, name = '') {
  const prefix = name && `${name} `
  let isOpening = true
  driver.on('open', () => { isOpening = false })
  driver.io.on('data', (chunk) => {
    // We write queued frames before the state changes, the original writes them after that.
    const isQueued = isOpening && !chunk.toString('latin1', 0, 5).startsWith('HTTP/')
    noteWrite(log, `${prefix}io data`, chunk, isQueued ? 'queued' : [driver.readyState, driver.getState()])
  })
  driver.io.on('drain', () => log.add(`${prefix}io drain`))
  driver.io.on('end', () => log.add(`${prefix}io end`))
  driver.messages.on('data', (data) => log.add(`${prefix}messages data`, data, driver.readyState))
  driver.messages.on('error', (error) => log.add(`${prefix}messages error`, error, driver.readyState))
  driver.messages.on('drain', () => log.add(`${prefix}messages drain`))
  driver.messages.on('end', () => log.add(`${prefix}messages end`, propertiesOf(driver)))
  for (const type of EVENTS) {
    driver.on(type, (event) => {
      log.add(`${prefix}${type}`, event instanceof Error ? event : { ...event }, propertiesOf(driver))
    })
  }
  return driver
}

/** A request with a path and a query. */
const request = (headers, more) => drivers.request(headers, { url: '/chat?room=1', ...more })

/** A server's driver, observed and not started. */
function httpDriver (library, log, { headers, more, options } = {}) {
  return watch(log, library.http(request(headers, more), { allowDrafts: false, ...options }))
}

/** The same, open. */
function openServer (library, log, given) {
  const driver = httpDriver(library, log, given)
  if (given && given.before) given.before(driver)
  log.call('start', () => driver.start())
  return driver
}

/** A client's driver that has sent its request. It is observed from this moment. */
function dial (library, log, { url = 'ws://example.com/chat', options, before } = {}) {
  const driver = library.client(url, { allowDrafts: false, ...options })
  if (before) before(driver)
  let head = ''
  const keep = (chunk) => { head += chunk }
  driver.io.on('data', keep)
  log.call('start', () => driver.start())
  driver.io.removeListener('data', keep)
  const key = wire.headerOf(head, 'sec-websocket-key')
  const accept = wire.acceptOf(key)
  // The key is random, so transcripts contain neither the key nor the accept value.
  log.hide(key, 'KEY')
  log.hide(accept, 'ACCEPT')
  log.add('request', head)
  watch(log, driver)
  return { driver, accept, head }
}

/** The same, open. */
function openClient (library, log, given = {}) {
  const { driver, head } = dial(library, log, given)
  driver.io.write(Buffer.from(wire.upgradeResponse(head, given.answer)))
  return driver
}

/** Both roles, and a server that requires no masks: how to open them, and how the peer writes frames. */
const ends = [
  { end: 'a server', open: openServer, fromPeer: wire.fromClient },
  {
    end: 'a server with requireMasking: false',
    open: (library, log, given = {}) =>
      openServer(library, log, { ...given, options: { requireMasking: false, ...given.options } }),
    fromPeer: wire.frame
  },
  { end: 'a client', open: openClient, fromPeer: wire.frame }
]

/** A row per case and end: `script({ open, fromPeer, … }, value)`, as in `parityTable`. */
function parityEnds (name, rows, script, options) {
  for (const { end, open, fromPeer } of ends) {
    parityTable(`${end} ${name}`, rows, (library, log, feed, value, scope) => {
      const openHere = (given) => open(library, log, given)
      return script({ library, log, feed, scope, open: openHere, fromPeer }, value)
    }, options)
  }
}

module.exports = {
  dial, httpDriver, noteWrite, openClient, openServer, original, ours, parity, parityEnds, parityTable, propertiesOf,
  request, watch
}
