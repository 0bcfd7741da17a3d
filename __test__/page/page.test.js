'use strict'

// The demo page in Chromium, with the demo server in this process.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { after, before, describe, test } = require('node:test')
const { createServer } = require('../../examples/demo/server.js')
const { findBrowser } = require('./browser.js')

const PHONE = { width: 360, height: 640 }
const PATIENCE = 15000

const { launch, missing } = findBrowser()

/** Records whether the button is disabled while a measurement runs. */
const WATCH_BENCHMARK = `{
  const [state, run] = ['bench-state', 'bench-run'].map((id) => document.getElementById(id))
  window.disabledWhileBusy = []
  new MutationObserver(() => {
    if (state.dataset.state === 'busy') window.disabledWhileBusy.push(run.disabled)
  }).observe(state, { attributes: true })
}`

describe('the demo page', { skip: missing, timeout: 180000 }, () => {
  let browser

  before(async () => { browser = await launch() })
  after(() => browser.close())

  // Starts a demo server on a port, by default a free one. `requests` are its requests.
  async function serve (t, { port = 0, ...options } = {}) {
    const server = createServer(options)
    const requests = []
    const sockets = []
    server.on('request', (request) => requests.push(request))
    server.on('connection', (socket) => sockets.push(socket))
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')

    let closing
    const stop = () => (closing = closing || new Promise((resolve) => server.stop(resolve)))
    const cut = () => sockets.forEach((socket) => socket.destroy())
    t.after(stop)
    return { port: server.address().port, requests, stop, cut }
  }

  // Opens a page in a new browser context. `problems` are its errors and warnings.
  async function open (t, port, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    t.after(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    page.problems = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') page.problems.push(message.text())
    })
    page.on('pageerror', (error) => page.problems.push(String(error)))
    page.on('requestfailed', (request) => page.problems.push(request.url() + ' failed'))
    await page.addInitScript(recordViolations)
    await page.goto(`http://127.0.0.1:${port}/`)
    return page
  }

  test('every echo adds a point to the chart', async (t) => {
    const { port } = await serve(t)
    const page = await open(t, port)
    await hasState(page, '#echo-state', 'open')
    await until(page, '#echo-count', (text) => Number(text) >= 6)

    const points = await page.getAttribute('#echo-chart .line', 'points')
    assert.ok(points.split(' ').length >= 6, points)
    for (const point of points.split(' ')) assert.match(point, /^\d+(\.\d+)?,\d+(\.\d+)?$/)
    assert.ok(Number(await page.textContent('#echo-last')) > 0)
    assert.match(await page.textContent('#echo-top'), /^[\d.]+ ms$/)
    assert.deepEqual(page.problems, [])
  })

  test('a typed message with markup is echoed as text', async (t) => {
    const { port } = await serve(t)
    const page = await open(t, port)
    await hasState(page, '#echo-state', 'open')
    for (const text of ['Hello', 'naïve 👋 <img src=x onerror=alert(1)>']) {
      await page.fill('#echo-text', text)
      await page.press('#echo-text', 'Enter')
      await until(page, '#echo-reply q', (shown) => shown === text)
    }
    assert.match(await page.textContent('#echo-reply'), /came back in [\d.]+ ms/)
    assert.equal(await page.locator('#echo-reply img').count(), 0)
    assert.deepEqual(page.problems, [])
  })

  test('the chat shows joining, messages, new names and leaving to everyone', async (t) => {
    const { port } = await serve(t)
    const ada = await open(t, port)
    await until(ada, '#chat-people', (text) => text === 'Only you here')
    const grace = await open(t, port)
    await until(ada, '#chat-people', (text) => text === '2 people here')

    await rename(ada, 'Ada')
    await rename(grace, 'Grace')
    await hasEntry(ada, / is now Grace$/)
    await say(ada, 'Hello, Grace')
    await say(grace, 'Hello, Ada')
    for (const page of [ada, grace]) {
      await hasEntry(page, /Ada Hello, Grace$/)
      await hasEntry(page, /Grace Hello, Ada$/)
    }
    assert.match(await ada.textContent('#chat-log .mine'), /Hello, Grace$/)

    await grace.close()
    await hasEntry(ada, /Grace left$/)
    await until(ada, '#chat-people', (text) => text === 'Only you here')
    assert.deepEqual([...ada.problems, ...grace.problems], [])
  })

  test('markup in the chat is shown as text', async (t) => {
    const { port } = await serve(t)
    const [writer, reader] = [await open(t, port), await open(t, port)]
    await hasState(writer, '#chat-state', 'open')
    await hasState(reader, '#chat-state', 'open')
    await rename(writer, '<i>Eve</i>')
    await say(writer, '<script>alert(1)</script><img src=x onerror=alert(1)>')
    await hasEntry(reader, /<i>Eve<\/i> <script>alert\(1\)<\/script><img src=x onerror=alert\(1\)>$/)
    assert.equal(await reader.locator('#chat-log :is(script, img, i)').count(), 0)
    assert.deepEqual([...writer.problems, ...reader.problems], [])
  })

  test('a new participant gets the last 50 messages', async (t) => {
    const { port } = await serve(t)
    const early = await open(t, port)
    await hasState(early, '#chat-state', 'open')
    for (let i = 1; i <= 60; i++) await say(early, `number ${i}.`)
    await hasEntry(early, /number 60\.$/)

    const late = await open(t, port)
    await hasEntry(late, /number 60\.$/)
    const said = await late.locator('#chat-log li:not(.note)').allTextContents()
    assert.equal(said.length, 50)
    assert.match(said[0], /number 11\.$/)
  })

  test('a dropped clock reconnects with the last id and misses no second', async (t) => {
    const { port, requests } = await serve(t)
    const page = await open(t, port)
    await page.evaluate(recordIds)
    await until(page, '#clock-ticks', (text, children) => children >= 2)
    assert.notEqual(await page.textContent('#clock-time'), '--:--:--')

    await page.click('#clock-drop')
    await hasState(page, '#clock-state', 'connecting')
    const lastId = await page.textContent('#clock-id')
    await until(page, '#clock-reconnects', (text) => text === '1')
    await until(page, '#clock-resent', (text) => Number(text) >= 1)
    await page.waitForFunction((id) => Number(document.querySelector('#clock-id').textContent) > id + 4, Number(lastId))

    const streams = requests.filter((request) => request.url === '/clock')
    assert.deepEqual(streams.map((request) => request.headers['last-event-id']), [undefined, lastId])
    assert.equal(await page.textContent('#clock-resumed'), lastId)

    const ids = await page.evaluate('window.ids')
    assert.deepEqual(ids, ids.map((_, i) => ids[0] + i), 'each second once and in order')
    assert.ok(await page.locator('#clock-ticks .resent').count() >= 1)
    assert.deepEqual(page.problems, [])
  })

  test('the page reconnects with the last id when the server ends a stream', async (t) => {
    const { port, requests } = await serve(t, { streamSeconds: 1.5 })
    const page = await open(t, port)
    await page.evaluate(recordIds)
    await until(page, '#clock-reconnects', (text) => Number(text) >= 2)

    const streams = requests.filter((request) => request.url === '/clock')
    const [first, second, third] = streams.map((request) => request.headers['last-event-id'])
    assert.equal(first, undefined)
    assert.ok(Number(second) > 0 && Number(third) > Number(second), `${second} then ${third}`)
    const ids = await page.evaluate('window.ids')
    assert.deepEqual(ids, ids.map((_, i) => ids[0] + i), 'each second once and in order')
  })

  test('the benchmark measures a positive rate, one at a time and many at once', async (t) => {
    const { port } = await serve(t)
    const page = await open(t, port)
    for (const [run, inFlight] of ['1', '256'].entries()) {
      await page.selectOption('#bench-flight', inFlight)
      // In the page, because on a busy machine the measurement may end before the test asks.
      await page.evaluate(WATCH_BENCHMARK)
      await page.click('#bench-run')
      await hasState(page, '#bench-state', 'done')
      assert.deepEqual(await page.evaluate('[...new Set(window.disabledWhileBusy)]'), [true])
      assert.ok(toNumber(await page.textContent('#bench-rate')) > 0)
      assert.ok(toNumber(await page.textContent('#bench-state')) > 0, 'messages were checked')
      assert.equal(await page.locator('#bench-runs li').count(), run + 1)
    }
    assert.match(await page.textContent('#bench-runs li'), /^256 in flight/)
    assert.deepEqual(page.problems, [])
  })

  test('the page shows the close code of a stopped server, and reconnects to a new one', async (t) => {
    const first = await serve(t)
    const page = await open(t, first.port)
    await hasState(page, '#echo-state', 'open')
    await hasState(page, '#chat-state', 'open')
    await hasState(page, '#clock-state', 'open')
    await until(page, '#clock-ticks', (text, children) => children >= 1)
    const problems = [...page.problems]
    await first.stop()

    for (const part of ['#echo-state', '#chat-state']) {
      await until(page, part, (text) => /^Closed: 4001 The server is stopping, retry in [\d.]+ s$/.test(text))
    }
    await hasState(page, '#clock-state', 'connecting')
    assert.ok(await page.isDisabled('#chat-send'))

    const second = await serve(t, { port: first.port })
    for (const part of ['#echo-state', '#chat-state', '#clock-state']) await hasState(page, part, 'open')
    await until(page, '#clock-resumed', (text) => /^\d+$/.test(text))
    const [clock] = second.requests.filter((request) => request.url === '/clock')
    assert.equal(clock.headers['last-event-id'], await page.textContent('#clock-resumed'))
    await say(page, 'Back again')
    await hasEntry(page, /Back again$/)
    assert.deepEqual(problems, [])
  })

  test('the page shows 1006 for a connection without a closing handshake', async (t) => {
    const { port, cut, stop } = await serve(t)
    const page = await open(t, port)
    await hasState(page, '#echo-state', 'open')
    cut()
    stop() // Otherwise the page reconnects before the test reads its state.
    await until(page, '#echo-state', (text) => text.startsWith('Closed: 1006 connection lost, retry in'))
  })

  for (const colorScheme of ['light', 'dark']) {
    test(`the page fits the width of a phone of 360 by 640, ${colorScheme}`, async (t) => {
      const { port } = await serve(t)
      const page = await open(t, port, { viewport: PHONE, colorScheme, hasTouch: true, isMobile: true })
      await hasState(page, '#chat-state', 'open')
      await rename(page, 'W'.repeat(24))
      await say(page, 'W'.repeat(500))
      await page.fill('#echo-text', 'W'.repeat(500))
      await page.press('#echo-text', 'Enter')
      await until(page, '#echo-reply', (text) => text.includes('came back'))
      await hasEntry(page, /W{500}$/)

      const { width, sticking, columns } = await page.evaluate(measure)
      assert.equal(width, PHONE.width)
      assert.deepEqual(sticking, [])
      assert.equal(columns, 1)
      assert.deepEqual(page.problems, [])
    })
  }

  test('every field and button has an accessible name', async (t) => {
    const { port } = await serve(t)
    const page = await open(t, port)
    const nameless = await page.evaluate(findNameless)
    assert.deepEqual(nameless, [])
  })

  test('the Content Security Policy of the page blocks an inline script', async (t) => {
    const { port } = await serve(t)
    const page = await open(t, port)
    await page.evaluate(addInlineScript)
    await page.waitForFunction('window.violations.length > 0')
    assert.equal(await page.evaluate('window.intruder'), undefined)
    assert.deepEqual(await page.evaluate('window.violations'), ['script-src-elem'])
    // The other tests detect violations through `problems`.
    assert.match(page.problems.join('\n'), /violates the following Content Security Policy/)
  })
})

function hasState (page, selector, state) {
  return page.waitForSelector(`${selector}[data-state="${state}"]`)
}

// Waits until the element satisfies the check, and fails with its contents after the time limit.
async function until (page, selector, check) {
  const deadline = Date.now() + PATIENCE
  const element = page.locator(selector)
  for (;;) {
    const [text, children] = await element.evaluate((node) => [node.textContent, node.children.length])
    if (check(text, children)) return
    assert.ok(Date.now() < deadline, `${selector} is still "${text}" with ${children} children`)
    await page.waitForTimeout(50)
  }
}

async function hasEntry (page, pattern) {
  await page.locator('#chat-log li', { hasText: pattern }).first().waitFor()
}

async function rename (page, name) {
  await page.fill('#chat-name', name)
  await page.press('#chat-name', 'Enter')
  // The chat notifies everyone, this page too.
  await page.locator('#chat-log .note', { hasText: `is now ${name}` }).first().waitFor()
}

async function say (page, text) {
  await page.fill('#chat-text', text)
  await page.press('#chat-text', 'Enter')
}

function toNumber (text) {
  return Number(text.replace(/\D/g, ''))
}

// The functions below run in the page.
/* global document, window, MutationObserver, getComputedStyle */

function recordViolations () {
  window.violations = []
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.effectiveDirective))
}

function recordIds () {
  window.ids = []
  new MutationObserver((records) => {
    for (const { addedNodes } of records) window.ids.push(Number(addedNodes[0].textContent))
  }).observe(document.querySelector('#clock-id'), { childList: true })
}

function measure () {
  const sticking = [...document.querySelectorAll('body *')]
    .filter((node) => !node.closest('.hidden, svg, .ticks') && node.getBoundingClientRect().right > window.innerWidth)
    .map((node) => node.outerHTML.slice(0, 100))
  const main = document.querySelector('main')
  return {
    width: document.documentElement.scrollWidth,
    columns: getComputedStyle(main).gridTemplateColumns.split(' ').length,
    sticking
  }
}

function findNameless () {
  return [...document.querySelectorAll('input, select, button, progress, [role=img], [role=log]')]
    .filter((node) => !node.getAttribute('aria-label') && !(node.labels && node.labels.length) &&
      !(node.tagName === 'BUTTON' && node.textContent.trim()))
    .map((node) => node.outerHTML)
}

function addInlineScript () {
  const script = document.createElement('script')
  script.textContent = 'window.intruder = true'
  document.head.append(script)
}
