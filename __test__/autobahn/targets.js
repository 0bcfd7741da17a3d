'use strict'

// The endpoints that Autobahn tests. A target has two functions and knows nothing of Autobahn:
//
//   createServer()         returns a net.Server, not yet listening, that echoes every message
//   connect(url, receive)  opens url, calls receive(data, send) for each message, resolves when the
//                          connection has closed, and rejects if it never opened
//
// Targets with permessage-deflate negotiate it with a peer that supports it. A browser's WebSocket has no server.

const http = require('node:http')
const net = require('node:net')
const path = require('node:path')

/** @param {{ package: string, target: string, transport: string }} subject */
function createTarget (subject) {
  const create = TARGETS[subject.target]
  return create(require(locateInterface(subject)), connectionOptions(subject), () => require(locateDeflate(subject)))
}

/** Returns the name and version of the tested package. */
function describe (subject) {
  try {
    const { name, version } = require(path.posix.join(locate(subject), 'package.json'))
    return `${name} ${version}`
  } catch {
    return locate(subject)
  }
}

const TARGETS = {
  faye (WebSocket, connectionOptions, loadDeflate) {
    const options = { ...connectionOptions, extensions: [loadDeflate()] }
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
  driver (websocket, options, loadDeflate) {
    const deflate = loadDeflate()
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
  },

  websocket (websocket, connectionOptions) {
    const config = { ...CONFIG, ...connectionOptions }
    const send = (connection, { type, utf8Data, binaryData }) => {
      if (type === 'utf8') connection.sendUTF(utf8Data)
      else connection.sendBytes(binaryData)
    }
    return {
      createServer () {
        const httpServer = http.createServer()
        const server = new websocket.server({ ...config, httpServer, autoAcceptConnections: true })
        server.on('connect', connection => connection.on('message', message => send(connection, message)))
        return httpServer
      },

      connect (url, receive) {
        return new Promise((resolve, reject) => {
          const client = new websocket.client({ ...config })
          client.on('connectFailed', reject)
          client.on('connect', connection => {
            connection.on('message', message => {
              receive(message.utf8Data ?? message.binaryData, () => send(connection, message))
            })
            connection.on('close', resolve)
          })
          client.connect(url)
        })
      }
    }
  },

  w3cwebsocket ({ w3cwebsocket: WebSocket }, connectionOptions) {
    return {
      connect (url, receive) {
        return new Promise((resolve, reject) => {
          const ws = new WebSocket(url, [], null, null, null, { ...CONFIG, ...connectionOptions })
          let failure = new Error(`${url} was closed before it opened`)
          ws.onopen = () => { failure = null }
          ws.onmessage = event => receive(event.data, data => ws.send(data))
          ws.onclose = () => failure === null ? resolve() : reject(failure)
        })
      }
    }
  }
}

// The longest message has 16 MiB in one frame, which is above the default limits of websocket. The original does not
// have permessage-deflate, and ignores unknown keys.
const CONFIG = { maxReceivedFrameSize: 2 ** 24, maxReceivedMessageSize: 2 ** 24, perMessageDeflate: true }

// The package websocket checks the text of a message when the message is complete, and programs get no part of it
// before. These cases require the connection to fail at the first wrong byte, but it fails at the end of the message.
const FAILS_LATE = ['6.4.1', '6.4.2', '6.4.3', '6.4.4']
const NON_STRICT = { websocket: FAILS_LATE, w3cwebsocket: FAILS_LATE }

// The entry point of each target in our package. Other packages have one interface.
const ENTRY_POINTS = {
  faye: '.', driver: './websocket-driver', websocket: './websocket', w3cwebsocket: './websocket'
}

function locateInterface (subject) {
  return subject.package === '' ? entryPoint(ENTRY_POINTS[subject.target]) : locate(subject)
}

/** Our permessage-deflate for our package, the package permessage-deflate for others. */
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

// Only the options of the command line, because packages refuse unknown options.
function connectionOptions (subject) {
  return subject.transport === '' ? {} : { transport: subject.transport }
}

/** @param {string} target */
function rolesOf (target) {
  return target === 'w3cwebsocket' ? ['client'] : ['server', 'client']
}

/**
 * Returns the cases in which a target is deliberately less strict than Autobahn requires.
 *
 * @param {string} target
 * @returns {string[]}
 */
function nonStrictCasesOf (target) {
  return NON_STRICT[target] ?? []
}

module.exports = { TARGET_NAMES: Object.keys(TARGETS), createTarget, describe, nonStrictCasesOf, rolesOf }
