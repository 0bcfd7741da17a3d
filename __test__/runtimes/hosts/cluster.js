'use strict'

// Runs its program in workers of `cluster`: a server in two workers that share a port, another program in one.

const cluster = require('node:cluster')
const { pathToFileURL } = require('node:url')

const MILLISECONDS = 2000

const [, , program] = process.argv
const isServer = /(server|eventsource)[^/]*$/.test(program)

if (cluster.isPrimary) {
  for (let i = 0; i < (isServer ? 2 : 1); i++) cluster.fork().on('exit', (code) => { process.exitCode ||= code })
} else {
  import(pathToFileURL(program))
  // A worker runs until its primary ends, unless its channel is unreferenced.
  if (!isServer) setTimeout(() => process.channel?.unref(), MILLISECONDS).unref()
}
