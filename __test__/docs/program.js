'use strict'

// Runs the programs of docs/ as printed, in a folder where this checkout is installed under the names they require.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { once } = require('node:events')

const { fileBlock } = require('../package/pages')
const { ROOT, start, temporaryFolder } = require('../package/process')
const { connect } = require('../support/peer')

const ANY_PORT = path.join(__dirname, '../package/any-port.js')
const NAMES = ['faye-websocket', 'faye-websocket-rs']
const LIB = path.join(ROOT, 'lib')
/** Options of Node. It prints the stack of a call of a deprecated function. */
const TRACED = ['--pending-deprecation', '--trace-deprecation']
/** Milliseconds that a program may run. */
const TIMEOUT = 30000

/**
 * A folder with `node_modules`.
 *
 * @param {Record<string, string>} [packages] other names that programs require, each with its folder
 * @returns {string}
 */
function projectFolder (packages = {}) {
  const folder = temporaryFolder()
  const installed = { ...Object.fromEntries(NAMES.map((name) => [name, ROOT])), ...packages }
  for (const [name, target] of Object.entries(installed)) {
    const link = path.join(folder, 'node_modules', name)
    fs.mkdirSync(path.dirname(link), { recursive: true })
    fs.symlinkSync(target, link, 'junction')
  }
  return folder
}

/**
 * Writes the block `<!-- file: name -->` of a page into the folder and starts it with this Node. The test kills the
 * program when it ends. The port that the page prints may be in use on this machine, so another port takes its place: a
 * server listens on a free one, and a client connects to `connectTo`. `text` replaces the block.
 *
 * @param {{ defer (f: () => void): void }} scope
 * @param {string} folder
 * @param {string} name
 * @param {{ args?: string[], env?: Record<string, string>, printedPort?: number, connectTo?: number,
 *   text?: string }} [options]
 * @returns {{ child: import('node:child_process').ChildProcess, result: { stdout: string, stderr: string },
 *   finished: Promise<{ code: number, signal: string, stdout: string, stderr: string }>,
 *   listening (): Promise<number> }} `listening` resolves with the port of its server
 */
function startProgram (scope, folder, name, { args = [], env = {}, printedPort, connectTo, text } = {}) {
  fs.writeFileSync(path.join(folder, name), text ?? fileBlock(name))
  const preload = printedPort === undefined ? [] : ['--require', ANY_PORT]
  const ports = { PRINTED_PORT: String(printedPort), CONNECT_PORT: String(connectTo ?? '') }
  const program = start(process.execPath, [...TRACED, ...preload, name, ...args], {
    cwd: folder,
    env: { ...process.env, ...ports, ...env },
    timeout: TIMEOUT,
    ipc: true
  })
  scope.defer(() => program.child.kill('SIGKILL'))
  const port = once(program.child, 'message').then(([message]) => message.port)
  return { ...program, listening: () => Promise.race([port, failed(program.finished, name)]) }
}

async function failed (finished, name) {
  const { code, signal, stdout, stderr } = await finished
  throw new Error(`${name} ended with ${signal ?? code} before it listened\n${stdout}\n${stderr}`)
}

/**
 * Runs a program to its end and returns its lines on stdout. Fails if the program fails, or if our code calls a
 * deprecated function.
 */
async function runProgram (scope, folder, name, options) {
  const { code, signal, stdout, stderr } = await startProgram(scope, folder, name, options).finished
  if (code !== 0) throw new Error(`${name} ended with ${signal ?? code}\n${stdout}\n${stderr}`)
  assert.ok(!stderr.includes('DeprecationWarning') || !stderr.includes(LIB), stderr)
  return stdout.trimEnd().split('\n')
}

/**
 * Sends a request that the server must refuse, and keeps our end open: the server must destroy its socket after the
 * answer. A socket that it has only ended would still receive what we send.
 */
async function refusedHalfOpen (scope, port, request, answer) {
  const peer = await connect(scope, port)
  peer.write(request)
  assert.ok((await peer.head()).startsWith(answer))
  assert.equal(await peer.ended(), 'fin')
  const closed = new Promise((resolve) => peer.socket.on('close', () => resolve(true)))
  for (let write = 0; write < 20 && !peer.socket.destroyed; write++) {
    peer.write('still here')
    await scope.settle(50)
  }
  assert.ok(await Promise.race([closed, scope.settle(100)]), 'the server keeps the socket')
}

module.exports = { projectFolder, refusedHalfOpen, startProgram, runProgram }
