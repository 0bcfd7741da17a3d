'use strict'

// The program and the Dockerfile of docs/run.md. examples/docker contains copies, whose stages package.test.js runs.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { once } = require('node:events')
const WebSocket = require('ws')

const { fileBlock } = require('../package/pages')
const { ROOT } = require('../package/process')
const { test } = require('../support/test')
const { projectFolder, startProgram } = require('./program')

const EXAMPLE = path.join(ROOT, 'examples', 'docker')
const read = (name) => fs.readFileSync(path.join(EXAMPLE, name), 'utf8')

test('echo-server.js echoes, closes its connections on SIGTERM, and ends', async (scope) => {
  const server = startProgram(scope, projectFolder(), 'echo-server.js', { printedPort: 8000 })
  const ws = new WebSocket(`ws://127.0.0.1:${await server.listening()}/`)
  scope.defer(() => ws.terminate())
  await once(ws, 'open')
  ws.send('Hello')
  const [data] = await once(ws, 'message')
  assert.equal(String(data), 'Hello')

  server.child.kill('SIGTERM')
  const [code, reason] = await once(ws, 'close')
  assert.deepEqual([code, String(reason)], [1000, 'The server stops'])
  const { code: status, stdout, stderr } = await server.finished
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^Echo on port 8000, runtime (native|wasm): .+\n$/)
})

test('examples/docker contains echo-server.js, and the Dockerfile with tarballs', () => {
  assert.equal(read('server.js'), fileBlock('echo-server.js'))
  const example = read('debian.Dockerfile').replace(/^#.*\n/gm, '').replace(' *.tgz', '')
  assert.equal(example.trimStart(), fileBlock('Dockerfile'))
})
