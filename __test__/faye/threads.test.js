'use strict'

// Worker threads, and many copies of the package in one process.

const assert = require('node:assert/strict')
const { dirname } = require('node:path')
const { Worker } = require('node:worker_threads')

const { runChild } = require('../support/child')
const { subjectPath, usesOriginal } = require('../support/subject')
const { test } = require('../support/test')

/** The program of a worker thread. `workerData` is [path of the package, number of echoes]. */
function echoInWorker () {
  const { parentPort, workerData } = require('node:worker_threads')
  const WebSocket = require(workerData[0])
  const server = require('node:http').createServer()
  server.on('upgrade', (request, socket, body) => {
    const ws = new WebSocket(request, socket, body)
    ws.on('message', ({ data }) => ws.send(data))
  })
  server.listen(0, '127.0.0.1', () => {
    const ws = new WebSocket.Client(`ws://127.0.0.1:${server.address().port}/`)
    let left = workerData[1]
    ws.on('open', () => ws.send('x'.repeat(1000)))
    ws.on('message', ({ data }) => --left > 0 ? ws.send(data) : ws.close())
    ws.on('close', ({ code }) => {
      parentPort.postMessage(code)
      server.close()
    })
  })
}

function startWorker (echoes) {
  const worker = new Worker(`(${echoInWorker})()`, { eval: true, workerData: [subjectPath, echoes] })
  const result = { worker, codes: [], errors: [] }
  worker.on('message', (code) => result.codes.push(code))
  worker.on('error', (error) => result.errors.push(error))
  result.exited = new Promise((resolve) => worker.on('exit', resolve))
  return result
}

test('many worker threads can load the package at once, and end without process.exit()', async () => {
  const workers = Array.from({ length: 8 }, () => startWorker(20))
  const exits = await Promise.all(workers.map(({ exited }) => exited))
  assert.deepEqual(exits, new Array(8).fill(0))
  for (const { codes, errors } of workers) assert.deepEqual([codes, errors], [[1000], []])
}, { timeout: 40000 })

test('worker threads can be terminated at any time', async (scope) => {
  for (const wait of [0, 20, 40, 60, 90, 130, 200]) {
    const started = [startWorker(Infinity), startWorker(Infinity)]
    await scope.settle(wait)
    await Promise.all(started.map(({ worker }) => worker.terminate()))
    for (const { errors } of started) assert.deepEqual(errors, [])
  }
  const { codes, exited } = startWorker(2)
  assert.equal(await exited, 0)
  assert.deepEqual(codes, [1000])
}, { timeout: 40000 })

test('one thread can load the package many times', async (scope) => {
  const root = usesOriginal ? dirname(dirname(dirname(subjectPath))) : dirname(subjectPath)
  const { code, stdout, stderr } = await runChild(scope, `async (WebSocket, { serve, connectOpen }, root) => {
    const { fromClient } = require('./wire')
    const cleanups = []
    const scope = { defer: (cleanup) => cleanups.push(cleanup) }
    const path = ${JSON.stringify(subjectPath)}
    const copies = new Set([WebSocket])
    for (let i = 0; i < 20; i++) {
      for (const file of Object.keys(require.cache)) {
        if (file.startsWith(root) && !file.includes('__test__')) delete require.cache[file]
      }
      copies.add(require(path))
    }
    console.log(copies.size, process.listenerCount('exit'))
    for (const copy of copies) {
      const { port } = await serve(scope, copy, { onSocket: (ws) => ws.on('message', ({ data }) => ws.send(data)) })
      const ws = new copy.Client('ws://127.0.0.1:' + port + '/')
      ws.on('open', () => ws.send('Hi'))
      await new Promise((resolve) => ws.on('message', resolve))
      ws.close()
      await new Promise((resolve) => ws.on('close', resolve))
    }
    for (const cleanup of cleanups) await cleanup()
    console.log('done')
  }`, { argument: root }).finished
  assert.equal(stderr, '')
  assert.match(stdout, /^21 [01]\ndone\n$/)
  assert.equal(code, 0)
})
