'use strict'

// A client with the interface that websocket and this package share.

const { drive } = require('./drive')

/** @param {object} config the configuration of every client */
function driveWebSocket ({ client: Client }, config = {}) {
  drive((url, ca, { opened, received, ended }) => {
    const client = new Client({ ...config, tlsOptions: { ca } })
    client.on('connectFailed', (error) => ended(error.message))
    client.on('connect', (connection) => {
      let reason
      connection.on('message', ({ type, utf8Data, binaryData }) => received(type === 'utf8' ? utf8Data : binaryData))
      connection.on('error', (error) => { reason = error.message })
      connection.on('close', (code) => ended(reason ?? code))
      const send = (message) => {
        if (typeof message === 'string') connection.sendUTF(message)
        else connection.sendBytes(message)
      }
      opened(send, () => connection.close())
    })
    client.connect(url)
  })
}

module.exports = { driveWebSocket }
