'use strict'

const { client: Client } = require('websocket')
const { drive } = require('./drive')

drive((url, ca, { opened, received, ended }) => {
  const client = new Client({ tlsOptions: { ca } })
  client.on('connectFailed', (error) => ended(error.message))
  client.on('connect', (connection) => {
    let reason
    connection.on('message', ({ type, utf8Data, binaryData }) => received(type === 'utf8' ? utf8Data : binaryData))
    connection.on('error', (error) => { reason = error.message })
    connection.on('close', (code) => ended(reason ?? code))
    const send = (message) => typeof message === 'string' ? connection.sendUTF(message) : connection.sendBytes(message)
    opened(send, () => connection.close())
  })
  client.connect(url)
})
