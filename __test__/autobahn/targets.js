'use strict'

// What Autobahn talks to. A target has two functions and knows nothing of Autobahn:
//
//   createServer()         a net.Server, not yet listening, that echoes every message
//   connect(url, receive)  opens url, calls receive(data, send) for each message, resolves when the
//                          connection is closed and rejects when it never opened
//
// Both negotiate permessage-deflate with a peer that wants it.

const http = require('node:http')
const net = require('node:net')
const path = require('node:path')

/** @param {{ package: string, target: string, transport: string }} subject */
function createTarget (subject) {
  const create = TARGETS[subject.target]
  return create(require(locateInterface(subject)), connectionOptions(subject), require(locateDeflate(subject)))
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
  faye (WebSocket, connectionOptions, deflate) {
    const options = { ...connectionOptions, extensions: [deflate] }
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
  },

  // On bare TCP, with the streams piped as the manual of websocket-driver shows.
  driver (websocket, options, deflate) {
    const pipe = (socket, driver) => {
      driver.addExtension(deflate)
      driver.on('close', () => socket.end())
      socket.on('error', () => socket.destroy())
      socket.pipe(driver.io).pipe(socket)
    }
    return {
      createServer () {
        return net.createServer(socket => {
          const driver = websocket.server({ ...options })
          driver.on('connect', () => websocket.isWebSocket(driver) ? driver.start() : socket.destroy())
          driver.messages.pipe(driver.messages)
          pipe(socket, driver)
        })
      },

      connect (url, receive) {
        return new Promise((resolve, reject) => {
          const { hostname, port } = new URL(url)
          const driver = websocket.client(url, { ...options })
          const socket = net.connect(port, hostname, () => driver.start())
          let failure = new Error(`${url} was closed before it opened`)
          driver.on('open', () => { failure = null })
          driver.on('error', error => { if (failure !== null) failure = error })
          driver.messages.on('data', data => receive(data, data => driver.messages.write(data)))
          socket.on('error', error => { if (failure !== null) failure = error })
          socket.on('close', () => failure === null ? resolve() : reject(failure))
          pipe(socket, driver)
        })
      }
    }
  }
}

// Where the interface of each target is in our own package. Other packages are what their name says.
const ENTRY_POINTS = { faye: '.', driver: './websocket-driver' }

function locateInterface (subject) {
  return subject.package === '' ? entryPoint(ENTRY_POINTS[subject.target]) : locate(subject)
}

/** Ours for us; for other packages that from npm. */
function locateDeflate (subject) {
  return subject.package === '' ? entryPoint('./permessage-deflate') : 'permessage-deflate'
}

function entryPoint (name) {
  const { exports } = require('../../package.json')
  return path.resolve(__dirname, '../..', exports[name].default)
}

function locate (subject) {
  if (subject.package === '') return path.resolve(__dirname, '../..')
  return subject.package.startsWith('.') ? path.resolve(subject.package) : subject.package
}

// Only what was asked for: packages refuse options they do not know.
function connectionOptions (subject) {
  return subject.transport === '' ? {} : { transport: subject.transport }
}

module.exports = { TARGET_NAMES: Object.keys(TARGETS), createTarget, describe }
