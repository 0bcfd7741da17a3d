'use strict'

// The functions that schedule the package's work.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const timers = require('node:timers')
const FakeTimers = require('@sinonjs/fake-timers')

const scheduling = require('../../lib/scheduling')
const { runChild } = require('../support/child')
const { inScope } = require('../support/test')

test('scheduling uses the functions of Node if the program has not replaced them', () => {
  const { clearImmediate, hostProcess, nextTick, setImmediate } = scheduling
  const { clearImmediate: clear, setImmediate: set } = timers
  assert.deepEqual({ hostProcess, nextTick }, { hostProcess: process, nextTick: process.nextTick })
  assert.deepEqual({ clearImmediate, setImmediate }, { clearImmediate: clear, setImmediate: set })
})

test('scheduling.now() advances under a fake clock', () => {
  const clock = FakeTimers.install({ toFake: ['hrtime', 'performance'] })
  try {
    const before = scheduling.now()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    assert.ok(scheduling.now() - before > 4)
  } finally {
    clock.uninstall()
  }
})

test('scheduling uses the wrappers that instrumentation installs', () => inScope(async (scope) => {
  const { finished } = runChild(scope, () => {
    const timers = require('node:timers')
    const { nextTick } = process
    const { setImmediate } = timers
    process.nextTick = function (callback, ...args) {
      return nextTick.call(process, (...args) => callback(...args), ...args)
    }
    timers.setImmediate = (callback) => setImmediate(() => callback())
    const scheduling = require('../../lib/scheduling')
    console.log(scheduling.nextTick === process.nextTick, scheduling.setImmediate === timers.setImmediate)
  }, { path: require.resolve('../support/wire') })
  assert.equal((await finished).stdout, 'true true\n')
}))

test('an exception of one transport at the end of a tick does not stop the others', () => inScope(async (scope) => {
  const { finished } = runChild(scope, () => {
    const { flushAtTheEnd } = require('../../lib/transport/tick')
    const transport = (name) => ({ endTick: () => console.log(name), endProcess () {} })
    const broken = { endTick () { throw new Error('broken') }, endProcess () {} }
    process.on('uncaughtException', ({ message }) => {
      console.log(message)
      flushAtTheEnd(transport('later'))
    })
    for (const each of [transport('one'), broken, transport('two'), broken, transport('three')]) flushAtTheEnd(each)
  })
  const { code, stdout } = await finished
  assert.deepEqual({ code, lines: stdout.trim().split('\n') }, {
    code: 0, lines: ['one', 'broken', 'two', 'broken', 'three', 'later', 'later']
  })
}))
