'use strict'

const nodeTest = require('node:test')

const { usesOriginal } = require('./subject')

const TIMEOUT = 20000

/** The resources of one test. Deferred functions run when the test ends, in reverse order. */
class Scope {
  constructor () {
    this.cleanups = []
  }

  defer (cleanup) {
    this.cleanups.push(cleanup)
  }

  /**
   * Waits long enough for bytes on loopback and their events to arrive. A test uses it to assert that nothing arrives.
   */
  settle (milliseconds = 25) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds))
  }

  async close () {
    for (const cleanup of this.cleanups.reverse()) await cleanup()
    this.cleanups = []
  }
}

/** Runs `body` with a new scope, within the time limit. `body` may replace the global timers. */
async function inScope (body, timeout = TIMEOUT) {
  const scope = new Scope()
  const { setTimeout, clearTimeout } = globalThis
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${timeout} ms`)), timeout)
  })
  try {
    return await Promise.race([body(scope), late])
  } finally {
    clearTimeout(timer)
    await scope.close()
  }
}

function test (name, body, { timeout, skip = false } = {}) {
  return nodeTest(name, { skip }, () => inScope(body, timeout))
}

/** A test of behaviour that differs from faye-websocket 0.11.4 on purpose. */
function deviation (name, body, options = {}) {
  const skip = usesOriginal ? 'faye-websocket 0.11.4 behaves differently here' : options.skip
  return test(name, body, { ...options, skip })
}

module.exports = { deviation, inScope, test }
