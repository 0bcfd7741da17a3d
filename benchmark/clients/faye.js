'use strict'

// A client over the interface that faye-websocket and this package share.

const { drive } = require('./drive')

/** @param {object} options of every connection */
function driveFaye ({ Client }, options = {}) {
  drive((url, ca, { opened, received, ended }) => {
    // Without a name, faye-websocket takes the IP address for one, and Node warns.
    const connection = new Client(url, [], { ...options, tls: { ca, servername: 'localhost' } })
    let reason
    connection.onopen = () => opened((message) => connection.send(message), () => connection.close())
    connection.onmessage = (event) => received(event.data)
    connection.onerror = (event) => { reason = event.message }
    connection.onclose = (event) => ended(reason ?? event.code)
  })
}

module.exports = { driveFaye }
