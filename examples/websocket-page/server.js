'use strict'

// A page that talks to this server. esbuild bundles its script: run `npm install esbuild` first.

const esbuild = require('esbuild')
const fs = require('fs')
const http = require('http')
const path = require('path')
const { server: WebSocketServer } = require('faye-websocket-rs/websocket')

/** Bundles page.js. Resolves with an http.Server that serves the page and an echo. */
async function createServer () {
  // For browsers, esbuild uses the package's browser entry.
  const { outputFiles: [bundle] } = await esbuild.build({
    entryPoints: [path.join(__dirname, 'page.js')],
    bundle: true,
    platform: 'browser',
    write: false
  })
  const files = new Map([
    ['/', ['text/html; charset=utf-8', fs.readFileSync(path.join(__dirname, 'index.html'))]],
    ['/bundle.js', ['text/javascript; charset=utf-8', bundle.contents]]
  ])

  const httpServer = http.createServer((request, response) => {
    const [type, contents] = files.get(request.url) ?? []
    if (contents === undefined) return response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': type }).end(contents)
  })
  const server = new WebSocketServer({ httpServer })

  server.on('request', (request) => {
    if (request.origin !== `http://${request.host}`) return request.reject(403)
    if (!request.requestedProtocols.includes('echo')) return request.reject(400)

    const connection = request.accept('echo', request.origin)
    connection.on('message', (message) => {
      if (message.type === 'utf8') connection.sendUTF(message.utf8Data)
      else connection.sendBytes(message.binaryData)
    })
  })
  return httpServer
}

async function main () {
  const httpServer = await createServer()
  httpServer.listen(8080, '127.0.0.1', () => console.log('http://127.0.0.1:8080/'))
}

if (require.main === module) main()

module.exports = { createServer }
