/* global test */
'use strict'

// A test of a program, for `jest --detectOpenHandles`: it closes everything that it has opened.

const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const WebSocket = require('../../..')

// A part of Node is not thrown away with the test: what is kept there is not collected, and must have been ended.
const kept = http.Agent.kept = []

function open (url) {
  const ws = new WebSocket.Client(url)
  kept.push(ws)
  return ws
}

// Jest reports what sockets of the test have brought about, unless they are TCP's: those it does not look at.
const place = path.join(os.tmpdir(), `handles-${process.pid}.sock`)

test.each([
  ['TCP', [0, '127.0.0.1'], ({ port }) => `ws://127.0.0.1:${port}/`],
  ['a Unix socket', [place], () => `ws+unix:${place}:/`]
])('connections that were made and closed, by %s', async (name, where, urlOf) => {
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
