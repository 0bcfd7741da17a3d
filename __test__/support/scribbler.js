'use strict'

const { Worker } = require('node:worker_threads')

/**
 * Resolves with shared memory in which another thread repeatedly changes the case of a text. `writes()` returns how
 * often the thread has changed the whole text.
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
