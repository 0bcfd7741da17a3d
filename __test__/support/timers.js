'use strict'

// Fake timers. Timers of a second and more are recorded, and a test fires them. Shorter timers run as usual. Programs
// fake clocks in the same way: they replace the globals.

const LONG = 1000

function fakeLongTimers (scope) {
  const real = { ...pick(globalThis) }
  const timers = []

  const fake = (kind, start) => (callback, delay, ...rest) => {
    if (!(delay >= LONG)) return start(callback, delay, ...rest)
    const timer = {
      kind,
      delay,
      active: true,
      fire: () => callback(...rest),
      ref: () => timer,
      unref: () => timer,
      hasRef: () => true,
      [Symbol.toPrimitive]: () => 0
    }
    timers.push(timer)
    return timer
  }
  const clear = (stop) => (timer) => {
    if (timers.includes(timer)) timer.active = false
    else stop(timer)
  }

  globalThis.setTimeout = fake('timeout', real.setTimeout)
  globalThis.setInterval = fake('interval', real.setInterval)
  globalThis.clearTimeout = clear(real.clearTimeout)
  globalThis.clearInterval = clear(real.clearInterval)
  scope.defer(() => Object.assign(globalThis, real))
  return timers
}

/** Fakes our internal timers of more than a second, which do not use the globals. */
function fakeOwnTimers (scope) {
  const { clock } = require('../../lib/scheduling')
  const timers = []
  for (const kind of ['timeout', 'interval']) {
    const start = clock[kind].bind(clock)
    clock[kind] = (fire, delay) => {
      if (delay <= LONG) return start(fire, delay)
      const timer = { kind, delay, active: true, fire, stop: () => { timer.active = false }, unref: () => timer }
      timers.push(timer)
      return timer
    }
    scope.defer(() => delete clock[kind])
  }
  return timers
}

function pick ({ setTimeout, setInterval, clearTimeout, clearInterval }) {
  return { setTimeout, setInterval, clearTimeout, clearInterval }
}

module.exports = { fakeLongTimers, fakeOwnTimers }
