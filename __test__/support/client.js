'use strict'

// Requests and replies for tests of clients, and recorders of the events of a socket.

const assert = require('node:assert/strict')

const { accept, once } = require('./peer')
const { WebSocket } = require('./subject')
const { upgradeResponse } = require('./wire')

const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`

/** Sends each message back: for `serve()`. */
const echoEach = (ws) => ws.on('message', ({ data }) => ws.send(data))

const LIFE = ['open', 'error', 'end', 'close']

/** Records open, error, end and close, or other types of events, each with its message or code. */
function record (ws, types = LIFE) {
  const events = []
  for (const type of types) {
    ws.on(type, (event) => events.push([type, event && (event.message || event.code)]))
  }
  return events
}

/** Records the same events, and messages. */
const recordAll = (ws) => record(ws, [...LIFE, 'message'])

/** Records the same events as lines, with data, message, code and reason. */
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

/** Starts a client. Resolves when its request has arrived at a raw server. */
async function ask (scope, protocols, options) {
  const server = await accept(scope)
  const ws = new WebSocket.Client(server.url, protocols, options)
  scope.defer(() => ws._stream.destroy())
  const events = recordAll(ws)
  const peer = await server.accepted()
  return { events, head: await peer.head(), peer, ws }
}

/** Responds to the request of this client. */
async function answer (asked) {
  asked.peer.write(upgradeResponse(asked.head))
  await once(asked.ws, 'open')
  return asked
}

/** Asserts that each client receives its own message from an echo server, and closes with 1000. */
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

/** Records the messages and the close code of a connection. */
function receivedBy (ws) {
  const events = []
  ws.on('message', ({ data }) => events.push(String(data)))
  ws.on('close', ({ code }) => events.push(code))
  return events
}

/** Resolves with all error messages of a client when it is closed. */
async function messagesOf (ws) {
  const messages = []
  ws.on('error', ({ message }) => messages.push(message))
  if (ws.readyState !== 3) await once(ws, 'close')
  return messages
}

module.exports = {
  answer, ask, basic, echoEach, echoInEach, messagesOf, receivedBy, record, recordAll, recordLines, typesOf
}
