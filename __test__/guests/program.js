'use strict'

// Serves the scenarios in a program, which may replace its globals. This file stores the real functions when it is
// loaded.

const { Blob } = require('node:buffer')
const fs = require('node:fs')
const http = require('node:http')
const { setImmediate: later } = require('node:timers')
const zlib = require('node:zlib')

const { scenarios } = require('./scenarios')

/** Prints a line for the test. */
const say = (line) => fs.writeSync(1, `${MARK}${JSON.stringify(line)}\n`)
const MARK = '\u0001'

/**
 * Resolves when the test has ended the server.
 *
 * @param {() => { faye: any, websocket: any, deflate: any }} load loads the package when the server listens
 * @param {string} url of a server for clients
 * @param {() => void} [restore] restores the globals
 */
function serve (load, url, restore) {
  let faye, websocket, deflate
  const { AbortController, process } = globalThis
  const exit = () => process.exit(0)
  const toolsFor = (name) => ({
    faye, websocket, deflate, zlib, url, later, exit, Blob, AbortController, port, tell: (value) => say([name, value])
  })
  let port
  let last
  const server = http.createServer((request, response) => {
    if (request.url === '/restore') {
      restore()
      return response.end()
    }
    if (request.url === '/end') {
      response.end()
      return server.close()
    }
    const source = new faye.EventSource(request, response)
    scenarios[last].onEventSource(source, toolsFor(last))
  })
  server.on('upgrade', (request, socket, body) => {
    const name = last = request.headers['x-scenario']
    const { isRaw, options, serve } = scenarios[name]
    const tools = toolsFor(name)
    if (isRaw) return serve({ request, socket, body }, tools)
    serve(new faye(request, socket, body, [], options?.(tools)), tools)
  })
  server.listen(0, '127.0.0.1', () => {
    port = server.address().port;
    ({ faye, websocket, deflate } = load())
    say(['port', port])
  })
  return new Promise((resolve) => server.on('close', resolve))
}

module.exports = { MARK, say, serve }
