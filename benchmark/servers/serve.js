'use strict'

// What the echo servers share: where they listen, and how they tell what they have used. Knows no WebSocket library.
//
//   node benchmark/servers/ws.js [--deflate] [--port 0]
//
// prints the port. A parent with a channel gets { port } over it, may ask 'usage' or 'memory', and takes the server
// with it when it goes.

const http = require('node:http')

const GC_PAUSE = 100

/** @param {(server: http.Server, options: { deflate: boolean }) => void} attach makes the server echo */
function serve (attach) {
  const { deflate, port } = parse(process.argv.slice(2))
  const server = http.createServer((request, response) => response.writeHead(426).end())
  attach(server, { deflate })
  server.listen({ host: '127.0.0.1', port, backlog: 1024 }, () => {
    console.log(String(server.address().port))
    if (process.send) process.send({ port: server.address().port })
  })
  process.on('message', answer)
  process.on('disconnect', () => process.exit())
}

function parse (args) {
  const options = { deflate: false, port: 0 }
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--deflate') options.deflate = true
    else if (args[i] === '--port') options.port = Number(args[++i])
    else throw new Error(`Unknown option: ${args[i]}`)
  }
  return options
}

function answer (question) {
  if (question === 'usage') process.send(usage())
  else if (question === 'memory') collected(() => process.send({ rss: process.memoryUsage.rss() }))
}

/** Microseconds of processor time, of all threads. */
function usage () {
  const { user, system } = process.cpuUsage()
  return { user, system, rss: process.memoryUsage.rss() }
}

// With --expose-gc: what is only waiting to be collected is no need of the library. Finalizers run on later turns, and
// free what the next collection finds.
function collected (callback, rounds = 3) {
  if (!global.gc || rounds === 0) return callback()
  global.gc()
  setTimeout(collected, GC_PAUSE, callback, rounds - 1)
}

module.exports = { serve }
