'use strict'

// Requests to the port of a dependent: complete responses, and raw connections to a path.

const http = require('node:http')

const { connect } = require('../support/peer')
const { upgradeRequest } = require('../support/wire')

/** Sends an HTTP request and resolves with the response. */
function fetchFrom (port, path, { body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Connects a raw client that requests a WebSocket at `target`. `response` is the head of the response. */
async function openAt (scope, port, target, headers) {
  const peer = await connect(scope, port)
  peer.write(upgradeRequest(headers, { target }))
  peer.response = await peer.head()
  return peer
}

module.exports = { fetchFrom, openAt }
