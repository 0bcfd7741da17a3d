'use strict'

const { WebSocket } = require('ws')
const { drive } = require('./drive')

drive((url, ca, { opened, received, ended }) => {
  const connection = new WebSocket(url, { ca })
  let reason
  connection.on('open', () => opened((message) => connection.send(message), () => connection.close()))
  connection.on('message', (data, isBinary) => received(isBinary ? data : data.toString()))
  connection.on('error', (error) => { reason = error.message })
  connection.on('close', (code) => ended(reason ?? code))
})
