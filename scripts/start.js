'use strict'

// npm start: builds missing files and serves the page of the demo on localhost.

const { spawn } = require('node:child_process')
const path = require('node:path')
const { ROOT, ensureDependencies, main } = require('./support')
const { build } = require('./build')

/** Milliseconds between two looks at the parent process. */
const INTERVAL = 200

const parent = process.ppid

main((args) => {
  ensureDependencies()
  build()
  if (isOrphan()) return
  const server = spawn(process.execPath, [path.join(ROOT, 'examples/demo/server.js'), ...args], { stdio: 'inherit' })
  // The terminal sends Ctrl-C to the server as well. Signals that only this process receives must be passed on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => server.kill('SIGTERM'))
  process.on('SIGHUP', () => server.kill('SIGHUP'))
  const timer = setInterval(() => {
    if (!isOrphan()) return
    clearInterval(timer)
    server.kill('SIGTERM')
  }, INTERVAL)
  server.on('exit', (code, signal) => {
    clearInterval(timer)
    process.exitCode = signal ? 1 : code
  })
})

/**
 * Returns whether the shell between npm and this process has ended. npm sends signals to that shell only, and a shell
 * such as dash ends without passing them on.
 */
function isOrphan () {
  return process.env.npm_lifecycle_event === 'start' && process.ppid !== parent
}
