'use strict'

// Memory does not grow over many connections.
// The functions passed to `runChild` run as text in another process, where only their parameters and `require` exist.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { test } = require('../support/test')

// V8 allocates in steps until the size of its heap is stable, so growth in one round is not a leak. A leak of 1.5 KB
// for each connection adds memory in every round. On Node 24 the heap needs some thousand cycles more than on other
// versions.
const ROUNDS = 10
const CYCLES = { 'connect and close': 8000, 'failed handshakes': 2500 }
for (const [name, cycles] of Object.entries(CYCLES)) {
  test(`memory does not grow over ${cycles} cycles of ${name}`, async (scope) => {
    const { stdout, code, stderr } = await runChild(scope, async (WebSocket, { serve }, argument) => {
      const [name, rounds, count] = argument.split('|')
      const cleanups = []
      const { url } = await serve({ defer: (cleanup) => cleanups.push(cleanup) }, WebSocket, {
        onSocket: (ws) => ws.on('message', ({ data }) => ws.send(data))
      })
      const connect = () => new Promise((resolve, reject) => {
        const ws = new WebSocket.Client(url, null, { headers: { 'X-A': 'a' } })
        ws.on('open', () => {
          ws.ping('a', () => {})
          ws.send('Hi')
        })
        ws.on('message', () => ws.close())
        ws.on('close', ({ code }) => code === 1000 ? resolve() : reject(new Error(`closed with ${code}`)))
      })
      // Our client fails because of a response, and our server because of a request.
      const { url: page } = await serve({ defer: () => {} }, WebSocket, {
        onUpgrade: (request, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      })
      const fail = () => new Promise((resolve) => {
        const ws = new WebSocket.Client(page)
        ws.on('close', () => {
          const socket = require('node:net').connect(new URL(url).port, '127.0.0.1')
          socket.end(require('./wire').upgradeRequest({ 'Sec-WebSocket-Version': '1' }))
          socket.resume().on('close', resolve)
        })
      })
      const one = name === 'connect and close' ? connect : fail
      const round = async () => {
        for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, one))
        for (let i = 0; i < 5; i++) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          global.gc()
        }
        const { rss, heapUsed, external } = process.memoryUsage()
        return { rss, heapUsed, external }
      }
      let before = await round()
      for (let i = 0; i < rounds; i++) {
        const after = await round()
        console.log(JSON.stringify(Object.keys(before).map((key) => after[key] - before[key])))
        before = after
      }
      process.exit()
    }, { argument: `${name}|${ROUNDS}|${cycles / ROUNDS}`, flags: ['--expose-gc'], timeout: 90000 }).finished
    assert.deepEqual([code, stderr], [0, ''])
    const growth = stdout.trim().split('\n').map(JSON.parse)
    assert.equal(growth.length, ROUNDS)
    const least = [0, 1, 2].map((index) => Math.min(...growth.map((round) => round[index])))
    const limit = 1500 * cycles / ROUNDS
    assert.ok(least.every((bytes) => bytes < limit), `rss, heap and external memory grew by ${least} or more per round`)
  }, { timeout: 100000 })
}
