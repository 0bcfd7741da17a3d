'use strict'

// Memory is flat, however many connections come and go.
// The functions given to `runChild` become text; they see their parameters and `require`, nothing else.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { test } = require('../support/test')

// V8 takes memory in steps as it learns what it needs, so one step proves nothing. A leak of a kilobyte and a half per
// connection shows in every round.
// Node 24 takes some thousand cycles more than others to find the size of its heap.
const ROUNDS = 10
const CYCLES = { 'connect and close': 8000, 'handshakes that fail': 2500 }
for (const [name, cycles] of Object.entries(CYCLES)) {
  test(`memory is flat over ${cycles} cycles of ${name}`, async (scope) => {
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
      // Refused by what the server answers, and refused by our server.
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
    assert.ok(least.every((bytes) => bytes < limit), `rss, heap and external memory grew by at least ${least} a round`)
  }, { timeout: 100000 })
}
