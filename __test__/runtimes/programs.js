'use strict'

// Runs the quick starts of README.md and docs/ in one runtime, as printed except for their ports.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const path = require('node:path')
const { once } = require('node:events')

const { fileBlock } = require('../package/pages')
const { start } = require('../package/process')

const SECONDS = 30
const LISTENS = /127\.0\.0\.1:\d+/

/** The quick starts, by their names in failures. */
const QUICK_STARTS = {
  'server and client': (place) => conversation(place, 'server.js', 'client.js', 8000),
  EventSource: (place) => events(place, 'eventsource.js', 8000),
  'permessage-deflate': (place) => printing(place, 'deflate.js', 8000, /^14000 characters with permessage-deflate$/m),
  'websocket-driver': (place) => conversation(place, 'driver-server.js', 'driver-client.js', 3000),
  websocket: (place) => conversation(place, 'websocket-server.js', 'websocket-client.js', 8080),
  'ES module': (place) => printing(place, 'module.mjs', 8000, /^client: message Hello\nclient: close 1000/m)
}

/**
 * A folder and a command that run programs.
 *
 * @typedef {object} Place
 * @property {string} folder where the package is installed
 * @property {string} [inside] the path of that folder for programs with another root
 * @property {string[]} command without the program
 * @property {Record<string, string>} env
 * @property {number} [seconds] the time limit of a program
 */

/** Runs a server and a client, each in its own process, up to a closing handshake. */
async function conversation (place, server, client, printed) {
  await serving(place, server, printed, async (port) => {
    assert.match(await finish(place, client, printed, port), /^message Hello, world!$[^]*^close 1000/m)
  })
}

async function events (place, name, printed) {
  await serving(place, name, printed, async (port) => {
    const options = { host: '127.0.0.1', port, headers: { Accept: 'text/event-stream' }, agent: false }
    const request = http.get({ ...options, timeout: SECONDS * 1000 })
    request.on('timeout', () => request.destroy(new Error('no event')))
    const [response] = await once(request, 'response')
    const [first] = await once(response.setEncoding('utf8'), 'data')
    response.destroy()
    assert.match(first, /^retry: 1000/)
  })
}

async function printing (place, name, printed, expected) {
  assert.match(await finish(place, name, printed, await freePort()), expected)
}

async function serving (place, name, printed, body) {
  const port = await freePort()
  const program = begin(place, write(place, name, printed, port))
  try {
    const isThere = () => LISTENS.test(program.result.stdout) || program.child.exitCode !== null
    await until(isThere, 'the server listens', place.seconds)
    assert.equal(program.child.exitCode, null, program.result.stderr)
    await body(port)
  } finally {
    program.child.kill('SIGKILL')
    await program.finished
  }
}

async function finish (place, name, printed, port) {
  const { code, stdout, stderr } = await begin(place, write(place, name, printed, port)).finished
  assert.equal(code, 0, stdout + stderr)
  return stdout
}

/** Starts a program of the folder. */
function begin ({ folder, inside = folder, command: [command, ...args], env, seconds = SECONDS }, name) {
  return start(command, [...args, path.join(inside, name)], { cwd: folder, env, timeout: seconds * 1000 })
}

/** Writes the printed program with another port, and returns the name of the file. */
function write ({ folder }, name, printed, port) {
  const isModule = name.endsWith('.mjs')
  // The page prints this module in TypeScript.
  const text = fileBlock(isModule ? 'echo.mts' : name)
  assert.ok(text.includes(String(printed)), `${name} has the port ${printed}`)
  const moved = text.replaceAll(String(printed), String(port))
  const [, base, extension] = /^(.*)(\.m?js)$/.exec(name)
  const written = `${base}-${port}${extension}`
  const code = isModule ? require('esbuild').transformSync(moved, { loader: 'ts' }).code : moved
  fs.writeFileSync(path.join(folder, written), code)
  return written
}

async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function until (isSo, what, seconds = SECONDS) {
  const end = Date.now() + seconds * 1000
  while (!isSo()) {
    assert.ok(Date.now() < end, `Not in ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

module.exports = { QUICK_STARTS, begin }
