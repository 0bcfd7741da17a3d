'use strict'

// Opens connections to an echo server, exchanges messages on each, and keeps the connections open. The parent sends {
// count, messages, isCompressed } and receives an answer after the last reply.
//
//   node benchmark/settings/client.js <port>

const WebSocket = require('../..')
const deflate = require('../../lib/permessage-deflate')
const { ticker } = require('../datasets')

const SIZE = 1024
/** The number of connections that are opened at the same time. */
const AT_ONCE = 50

const url = `ws://127.0.0.1:${process.argv[2]}/`
const data = ticker(SIZE)
const connections = []

process.on('message', (request) => {
  exchangeAll(request).then(() => process.send('done'), (error) => {
    console.error(error)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit())

async function exchangeAll ({ count, ...request }) {
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const group = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () => exchange(request))
    await Promise.all(group)
  }
}

/** Sends each message after the reply to the previous one. */
function exchange ({ messages, isCompressed }) {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket.Client(url, [], { extensions: isCompressed ? [deflate] : [] })
    let next = connections.push(ws)
    let left = messages
    ws.onopen = () => {
      const agreed = ws.headers['sec-websocket-extensions'] !== undefined
      if (agreed !== isCompressed) return reject(new Error('The server has not agreed'))
      ws.send(data[next % data.length])
    }
    ws.onmessage = (event) => {
      if (event.data !== data[next % data.length]) return reject(new Error('A reply differs from its message'))
      next++
      if (--left > 0) ws.send(data[next % data.length])
      else resolve()
    }
    ws.onclose = ({ code, reason }) => reject(new Error(`A connection ended: ${code} ${reason}`))
  })
}
