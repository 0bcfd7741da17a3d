'use strict'

// A client with the interface that faye-websocket and this package share.

const { drive } = require('./drive')

/** @param {object} options the options of every connection */
function driveFaye ({ Client }, options = {}) {
  drive((url, ca, { opened, received, ended }) => {
    // Without a server name, faye-websocket uses the IP address, and Node warns.
    const connection = new Client(url, [], { ...options, tls: { ca, servername: 'localhost' } })
    let reason
    connection.onopen = () => opened((message) => connection.send(message), () => connection.close())
    connection.onmessage = (event) => received(event.data)
    connection.onerror = (event) => { reason = event.message }
    connection.onclose = (event) => ended(reason ?? event.code)
  })
}

module.exports = { driveFaye }
