'use strict'

const { Agent, WebSocket } = require('undici')
const { drive } = require('./drive')

let dispatcher

drive((url, ca, { opened, received, ended }) => {
  dispatcher ??= new Agent({ connect: { ca } })
  const connection = new WebSocket(url, { dispatcher })
  connection.binaryType = 'arraybuffer'
  let reason
  connection.onopen = () => opened((message) => connection.send(message), () => connection.close())
  connection.onmessage = ({ data }) => received(typeof data === 'string' ? data : new Uint8Array(data))
  connection.onerror = (event) => { reason = event.error?.cause ?? event.error }
  connection.onclose = ({ code }) => ended(reason ?? code)
})
