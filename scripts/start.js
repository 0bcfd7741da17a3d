'use strict'

// npm start: builds missing files and serves the page of the demo on localhost.

const { spawn } = require('node:child_process')
const path = require('node:path')
const { ROOT, ensureDependencies, main } = require('./support')
const { build } = require('./build')

main((args) => {
  ensureDependencies()
  build()
  const server = spawn(process.execPath, [path.join(ROOT, 'examples/demo/server.js'), ...args], { stdio: 'inherit' })
  // The terminal sends Ctrl-C to the server as well. Signals that only this process receives must be passed on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => server.kill('SIGTERM'))
  process.on('SIGHUP', () => server.kill('SIGHUP'))
  server.on('exit', (code, signal) => { process.exitCode = signal ? 1 : code })
})
