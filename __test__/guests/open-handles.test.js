'use strict'

// Tools that count open resources find none after a program has closed its connections.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const path = require('node:path')

const { deviation } = require('../support/test')

const JEST = path.join(path.dirname(require.resolve('jest/package.json')), 'bin/jest.js')
const options = { timeout: 120000 }

function run (...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
  })
}

deviation('jest --detectOpenHandles reports no closed connection', async () => {
  const config = path.join(__dirname, 'jest/handles.json')
  const { code, stdout, stderr } = await run(JEST, '-c', config, '-i', '--detectOpenHandles')
  assert.equal(code, 0, stderr)
  assert.match(stderr, /Tests: +2 passed/)
  assert.doesNotMatch(stdout + stderr, /open handle/)
}, options)

deviation('each asynchronous resource is destroyed once after all connections have ended', async () => {
  const { stdout, stderr } = await run(require.resolve('./resources'))
  assert.equal(stderr, '')
  const { count, sockets, wrong } = JSON.parse(stdout)
  assert.ok(count > sockets, `${count} resources of ${sockets} sockets`)
  assert.deepEqual(wrong, [])
}, options)
