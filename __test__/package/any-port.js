'use strict'

// Loaded before a program of README.md, docs/ or examples/, so that it runs as printed although the port it names
// (PRINTED_PORT) may be taken: its server listens on any free port and tells our parent which, its client connects to
// the one in CONNECT_PORT, or to that of the server in the same program. What a program asks of itself, on a port that
// it has chosen freely, is left alone.

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
