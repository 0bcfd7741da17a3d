/* global test */
'use strict'

// A test of a program for `jest --detectOpenHandles`. It closes all connections that it opens.

const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const WebSocket = require('../../..')

// Jest does not discard modules of Node with the test. Objects stored there are not collected, so they must have ended.
const kept = http.Agent.kept = []

function open (url) {
  const ws = new WebSocket.Client(url)
  kept.push(ws)
  return ws
}

// Jest reports resources of the test's sockets, but ignores TCP sockets.
const place = path.join(os.tmpdir(), `handles-${process.pid}.sock`)

test.each([
  ['TCP', [0, '127.0.0.1'], ({ port }) => `ws://127.0.0.1:${port}/`],
  ['a Unix socket', [place], () => `ws+unix:${place}:/`]
])('connections over %s are opened and closed', async (name, where, urlOf) => {
  const server = http.createServer()
  server.on('upgrade', (...args) => {
    const ws = new WebSocket(...args)
    kept.push(ws)
    ws.on('message', ({ data }) => ws.send(data, () => {}))
  })
  await new Promise((resolve) => server.listen(...where, resolve))
  const url = urlOf(server.address())

  const ws = open(url)
  await new Promise((resolve) => ws.on('open', resolve))
  ws.ping('x', () => {})
  ws.send('hello', () => {})
  await new Promise((resolve) => ws.on('message', resolve))
  ws.ping('this pong comes too late', () => {})
  await new Promise((resolve) => ws.on('close', resolve).close())

  const terminated = open(url)
  await new Promise((resolve) => terminated.on('open', resolve))
  await new Promise((resolve) => terminated.on('close', resolve).terminate())

  await new Promise((resolve) => server.close(resolve))
  await new Promise((resolve) => open(url).on('close', resolve))
})
