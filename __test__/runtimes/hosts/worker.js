'use strict'

// Runs its program in a worker thread.

const { Worker } = require('node:worker_threads')

const worker = new Worker(process.argv[2])
worker.on('exit', (code) => { process.exitCode = code })
