'use strict'

// What tests of clients say, and what tests note down of a socket.

const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`

/** Sends each message back: for `serve()`. */
const echoEach = (ws) => ws.on('message', ({ data }) => ws.send(data))

/** The events of a socket's life, or of other types, each with its message or code. */
function record (ws, types = ['open', 'error', 'end', 'close']) {
  const events = []
  for (const type of types) {
    ws.on(type, (event) => events.push([type, event && (event.message || event.code)]))
  }
  return events
}

/** What has been received on a connection: messages, and the codes of its ends. */
function receivedBy (ws) {
  const events = []
  ws.on('message', ({ data }) => events.push(String(data)))
  ws.on('close', ({ code }) => events.push(code))
  return events
}

module.exports = { basic, echoEach, receivedBy, record }
