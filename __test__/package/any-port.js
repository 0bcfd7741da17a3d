'use strict'

// Loaded before a program of the README or of examples/, so that it runs as printed although port 8000 may be taken:
// its server listens on any free port and tells our parent which, its client connects to the one in CONNECT_PORT.

const net = require('node:net')

const PRINTED_PORT = 8000

const { listen } = net.Server.prototype
net.Server.prototype.listen = function (port, ...args) {
  if (port !== PRINTED_PORT) throw new Error(`The printed program listens on ${port}`)
  this.once('listening', () => process.send({ port: this.address().port }))
  return listen.call(this, 0, ...args)
}

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (Number(options.port) !== PRINTED_PORT) throw new Error(`The printed program connects to port ${options.port}`)
  options.port = Number(process.env.CONNECT_PORT)
  return connect.apply(this, args)
}
