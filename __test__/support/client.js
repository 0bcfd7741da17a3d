'use strict'

// What tests of clients say and note down.

const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`

/** Sends each message back: for `serve()`. */
const echoEach = (ws) => ws.on('message', ({ data }) => ws.send(data))

/** The events of a socket's life, each with its message or code. */
function record (ws) {
  const events = []
  for (const type of ['open', 'error', 'end', 'close']) {
    ws.on(type, (event) => events.push([type, event && (event.message || event.code)]))
  }
  return events
}

module.exports = { basic, echoEach, record }
