'use strict'

// For `node --require`: lets a program of README.md, docs/ or examples/ run as printed even if its port (PRINTED_PORT)
// is in use. The program's server listens on a free port and sends the port to the parent process. The program's client
// connects to CONNECT_PORT, or to the server of the same program. Connections to a free port that the program has
// chosen stay unchanged.

const net = require('node:net')

const PRINTED_PORT = Number(process.env.PRINTED_PORT)
const ownPorts = new Set()
let listening = process.env.CONNECT_PORT

const { listen } = net.Server.prototype
net.Server.prototype.listen = function (port, ...args) {
  if (port === 0) {
    this.once('listening', () => ownPorts.add(this.address().port))
    return listen.call(this, 0, ...args)
  }
  if (port !== PRINTED_PORT) throw new Error(`The printed program listens on ${port}`)
  this.once('listening', () => {
    listening = this.address().port
    process.send?.({ port: listening })
  })
  return listen.call(this, 0, ...args)
}

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (ownPorts.has(Number(options.port))) return connect.apply(this, args)
  if (Number(options.port) !== PRINTED_PORT) throw new Error(`The printed program connects to port ${options.port}`)
  options.port = Number(listening)
  return connect.apply(this, args)
}
