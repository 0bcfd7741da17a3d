'use strict'

// Runs live-server on a folder.

const fs = require('node:fs')
const path = require('node:path')

const { once } = require('../support/peer')
const { load } = require('./load')

/** Serves the folder on a free port. `write` changes a file in it. */
async function serveLive (scope, behind, root, options) {
  const liveServer = load('live-server', behind)
  const server = liveServer.start({ host: '127.0.0.1', port: 0, root, open: false, logLevel: 0, ...options })
  scope.defer(() => stop(liveServer, server))
  await Promise.all([once(server, 'listening'), once(liveServer.watcher, 'ready')])
  const write = (name, text) => fs.writeFileSync(path.join(root, name), text)
  return { port: server.address().port, write }
}

async function stop (liveServer, server) {
  const closed = new Promise((resolve) => server.on('close', resolve))
  liveServer.shutdown()
  await closed
}

module.exports = { serveLive }
