'use strict'

// npm start: builds what is missing and serves the demonstration page on localhost.

const { spawn } = require('node:child_process')
const path = require('node:path')
const { ROOT, ensureDependencies, main } = require('./support')
const { build } = require('./build')

main((args) => {
  ensureDependencies()
  build()
  const server = spawn(process.execPath, [path.join(ROOT, 'examples/demo/server.js'), ...args], { stdio: 'inherit' })
  // Ctrl-C reaches the server by itself, but what only we are told has to be passed on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => server.kill('SIGTERM'))
  process.on('SIGHUP', () => server.kill('SIGHUP'))
  server.on('exit', (code, signal) => { process.exitCode = signal ? 1 : code })
})
