'use strict'

// A program: `node faked.js KIND ORDER URL`. Serves the scenarios with a clock of this kind.

const { mock } = require('node:test')
const FakeTimers = require('@sinonjs/fake-timers')

const { say, serve } = require('./program')

const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'Date']

const kinds = {
  'the real globals': () => ({ uninstall () {} }),
  'sinon: timers': () => FakeTimers.install({ toFake: TIMERS }),
  'sinon: everything': () => FakeTimers.install(),
  'sinon: nextTick': () => FakeTimers.install({ toFake: ['nextTick'] }),
  'node:test' () {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate'] })
    return { uninstall: () => mock.timers.reset() }
  },
  'numbers as timers' () {
    let last = 0
    const timers = new Map()
    for (const kind of ['Timeout', 'Interval']) {
      const { ['set' + kind]: set, ['clear' + kind]: clear } = globalThis
      globalThis['set' + kind] = (...args) => {
        timers.set(++last, set(...args))
        return last
      }
      globalThis['clear' + kind] = (id) => clear(timers.get(id))
    }
    for (const name of ['setImmediate', 'clearImmediate', 'queueMicrotask', 'performance']) delete globalThis[name]
  },
  'no globals' () {
    const names = ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'setImmediate', 'clearImmediate']
    for (const name of [...names, 'queueMicrotask', 'performance', 'Promise', 'URL', 'Blob']) delete globalThis[name]
  }
}

const [kind, order, url] = process.argv.slice(2)
let clock

process.on('uncaughtException', ({ message }) => {
  say(['an exception of a handler does not delay later messages', message])
})
serve(() => {
  if (order === 'before') clock = kinds[kind]()
  const parts = load()
  if (order === 'after') clock = kinds[kind]()
  return parts
}, url, () => clock.uninstall())

function load () {
  return {
    faye: require('../..'),
    websocket: require('../../lib/websocket-driver'),
    deflate: require('../../lib/permessage-deflate')
  }
}
