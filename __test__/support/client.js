'use strict'

// What tests of clients say, and what tests note down of a socket.

const assert = require('node:assert/strict')

const { accept, once } = require('./peer')
const { WebSocket } = require('./subject')
const { upgradeResponse } = require('./wire')

const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`

/** Sends each message back: for `serve()`. */
const echoEach = (ws) => ws.on('message', ({ data }) => ws.send(data))

const LIFE = ['open', 'error', 'end', 'close']

/** The events of a socket's life, or of other types, each with its message or code. */
function record (ws, types = LIFE) {
  const events = []
  for (const type of types) {
    ws.on(type, (event) => events.push([type, event && (event.message || event.code)]))
  }
  return events
}

/** The same with messages. */
const recordAll = (ws) => record(ws, [...LIFE, 'message'])

/** The same as lines, with what is worth knowing of each event. */
function recordLines (ws) {
  const events = []
  ws.on('open', () => events.push('open'))
  ws.on('message', ({ data }) => events.push(`message ${data}`))
  ws.on('error', ({ message }) => events.push(`error ${message.replace(/:\d+\//, '/')}`))
  ws.on('end', () => events.push('end'))
  ws.on('close', ({ code, reason }) => events.push(`close ${code} ${reason}`))
  return events
}

const typesOf = (events) => events.map(([type]) => type)

/** A client whose request has arrived at a raw server, and its events. */
async function ask (scope, protocols, options) {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url, protocols, options)
  scope.defer(() => ws._stream.destroy())
  const events = recordAll(ws)
  const peer = await server.accepted()
  return { events, head: await peer.head(), peer, ws }
}

/** Answers the request of such a client. */
async function answer (asked) {
  asked.peer.write(upgradeResponse(asked.head))
  await once(asked.ws, 'open')
  return asked
}

/** Each of many clients gets its own message back from an echo, and closes. */
async function echoInEach (clients) {
  const answers = await Promise.all(clients.map(async (ws, index) => {
    ws.send(String(index))
    const { data } = await once(ws, 'message', 20000)
    const close = once(ws, 'close')
    ws.close()
    return [data, (await close).code]
  }))
  assert.deepEqual(answers, clients.map((_, index) => [String(index), 1000]))
}

/** What has been received on a connection: messages, and the codes of its ends. */
function receivedBy (ws) {
  const events = []
  ws.on('message', ({ data }) => events.push(String(data)))
  ws.on('close', ({ code }) => events.push(code))
  return events
}

/** Every error message of a client until it is closed. */
async function messagesOf (ws) {
  const messages = []
  ws.on('error', ({ message }) => messages.push(message))
  if (ws.readyState !== 3) await once(ws, 'close')
  return messages
}

module.exports = {
  answer, ask, basic, echoEach, echoInEach, messagesOf, receivedBy, record, recordAll, recordLines, typesOf
}
