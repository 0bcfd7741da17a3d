'use strict'

// The modules of faye-websocket that programs require by path.

const test = require('node:test')
const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const util = require('node:util')

const WebSocket = require('../..')

const ROOT = 'lib/faye/websocket'
const byPath = (file) => require(`faye-websocket-rs/${file}`)

test('the modules websocket, client and eventsource export the classes of the main file', () => {
  assert.equal(byPath(ROOT), WebSocket)
  assert.equal(byPath(`${ROOT}/client`), WebSocket.Client)
  assert.equal(byPath('lib/faye/eventsource'), WebSocket.EventSource)
})

test('the module api exports the states and the base class of both sockets', () => {
  const API = byPath(`${ROOT}/api`)
  const { CONNECTING, OPEN, CLOSING, CLOSED } = API
  assert.deepEqual([CONNECTING, OPEN, CLOSING, CLOSED], [0, 1, 2, 3])
  for (const Socket of [WebSocket, WebSocket.Client]) {
    assert.equal(Socket.super_, API)
    assert.ok(Socket.prototype instanceof API)
  }
})

test('the class of the module api throws when called, and names the class to use', () => {
  const API = byPath(`${ROOT}/api`)
  const text = /^Error: faye-websocket\/lib\/faye\/websocket\/api has no counterpart in faye-websocket-rs: create a Web/
  assert.throws(() => new API({}), text)
  assert.throws(() => API.call({ _driver: {}, _stream: {} }, {}), text)
})

test('event and event_target turn an emitter into an EventTarget, like those of the original', () => {
  for (const byPathOf of [byPath, (file) => require(`faye-websocket/${file}`)]) {
    const Event = byPathOf(`${ROOT}/api/event`)
    const EventTarget = byPathOf(`${ROOT}/api/event_target`)
    assert.deepEqual([Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE], [1, 2, 3])

    function Target () {}
    util.inherits(Target, EventEmitter)
    for (const key in EventTarget) Target.prototype[key] = EventTarget[key]
    const target = new Target()
    const heard = []
    target.onmessage = ({ data }) => heard.push(['on', data])
    target.addEventListener('message', (event) => {
      heard.push([event.type, event.data, event.target === target, event.eventPhase, event.bubbles])
    })
    const event = new Event('message', { data: 'Hello' })
    event.initEvent('message', false, false)
    target.dispatchEvent(event)
    event.stopPropagation()
    event.preventDefault()
    assert.deepEqual(heard, [['on', 'Hello'], ['message', 'Hello', true, 2, false]])
  }
})
