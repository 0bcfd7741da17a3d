'use strict'

// What Autobahn talks to. A target has two functions and knows nothing of Autobahn:
//
//   createServer()         a net.Server, not yet listening, that echoes every message
//   connect(url, receive)  opens url, calls receive(data, send) for each message, resolves when the
//                          connection is closed and rejects when it never opened

const http = require('node:http')
const path = require('node:path')

/** @param {{ package: string, target: string, transport: string }} subject */
function createTarget (subject) {
  if (!Object.hasOwn(TARGETS, subject.target)) {
    throw new Error(`Unknown target: ${subject.target} (known: ${Object.keys(TARGETS).join(', ')})`)
  }
  return TARGETS[subject.target](require(locate(subject)), connectionOptions(subject))
}

/** The tested package's name and version. */
function describe (subject) {
  try {
    const { name, version } = require(path.posix.join(locate(subject), 'package.json'))
    return `${name} ${version}`
  } catch {
    return locate(subject)
  }
}

const TARGETS = {
  faye (WebSocket, options) {
    return {
      createServer () {
        const server = http.createServer()
        server.on('upgrade', (request, socket, body) => {
          const ws = new WebSocket(request, socket, body, [], options)
          ws.onmessage = event => ws.send(event.data)
        })
        return server
      },

      connect (url, receive) {
        return new Promise((resolve, reject) => {
          const ws = new WebSocket.Client(url, [], options)
          let failure = new Error(`${url} was closed before it opened`)
          ws.onopen = () => { failure = null }
          ws.onerror = event => { if (failure !== null) failure = new Error(`${url}: ${event.message}`) }
          ws.onmessage = event => receive(event.data, data => ws.send(data))
          ws.onclose = () => failure === null ? resolve() : reject(failure)
        })
      }
    }
  }
}

function locate (subject) {
  if (subject.package === '') return path.resolve(__dirname, '../..')
  return subject.package.startsWith('.') ? path.resolve(subject.package) : subject.package
}

// Only what was asked for: packages refuse options they do not know.
function connectionOptions (subject) {
  return subject.transport === '' ? {} : { transport: subject.transport }
}

module.exports = { createTarget, describe }
