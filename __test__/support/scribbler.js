'use strict'

const { Worker } = require('node:worker_threads')

/**
 * Shared memory in which another thread changes the case of a text again and again. `writes()` returns how often it has
 * changed the whole text.
 */
async function scribbledMemory (scope, text) {
  const memory = new SharedArrayBuffer(Buffer.byteLength(text))
  new Uint8Array(memory).set(Buffer.from(text))
  const counter = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(`
    const { workerData: { memory, counter } } = require('node:worker_threads')
    const bytes = new Uint8Array(memory)
    for (;;) {
      for (let at = 0; at < bytes.length; at++) bytes[at] ^= 0x20
      Atomics.add(counter, 0, 1)
    }`, { eval: true, workerData: { memory, counter } })
  scope.defer(() => worker.terminate())
  await new Promise((resolve, reject) => {
    worker.once('online', resolve)
    worker.once('error', reject)
  })
  return { memory, writes: () => Atomics.load(counter, 0) }
}

module.exports = { scribbledMemory }
