'use strict'

// Counts the asynchronous resources of this package from its loading to the end of all connections. Prints how often
// each was destroyed.

const { createHook } = require('node:async_hooks')

const resources = new Map()
createHook({
  init (id, type, trigger, resource) {
    if (type === 'CustomGC' || type.startsWith('faye-websocket-rs')) resources.set(id, { type, resource, destroyed: 0 })
  },
  destroy (id) {
    if (resources.has(id)) resources.get(id).destroyed += 1
  }
}).enable()

const http = require('node:http')
const WebSocket = require('../..')

const once = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve))
const turn = () => new Promise((resolve) => setImmediate(resolve))

async function main () {
  const sockets = []
  const server = http.createServer()
  server.on('upgrade', (...args) => {
    const ws = new WebSocket(...args)
    sockets.push(ws)
    ws.on('message', ({ data }) => ws.send(data, () => {}))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const open = async () => {
    const ws = new WebSocket.Client(`ws://127.0.0.1:${server.address().port}/`)
    sockets.push(ws)
    await once(ws, 'open')
    return ws
  }

  const closed = await open()
  closed.ping('answered', () => {})
  closed.send('hello', () => {})
  await once(closed, 'message')
  closed.ping('twice', () => {})
  closed.ping('twice', () => {})
  closed.close()
  closed.send('refused', () => {})
  await once(closed, 'close')

  const terminated = await open()
  while (terminated.send(Buffer.alloc(1 << 20)));
  terminated.send('lost', () => {})
  terminated.terminate()

  const destroyed = await open()
  destroyed._stream.pause()
  destroyed._stream.resume()
  destroyed._stream.destroy()
  await once(destroyed, 'close')

  await new Promise((resolve) => server.close(resolve))
  while (sockets.some(({ readyState }) => readyState < 3)) await turn()
  for (let i = 0; i < 10; i++) await turn()

  const all = [...resources.values()]
  // The reactor remains for a second, unreferenced.
  const isWrong = ({ destroyed, resource }) => destroyed !== 1 && (destroyed > 1 || resource.hasRef?.() !== false)
  const wrong = all.filter(isWrong).map(({ type, destroyed }) => `${type}, destroyed ${destroyed} times`)
  console.log(JSON.stringify({ count: all.length, sockets: sockets.length, wrong }))
}

main()
