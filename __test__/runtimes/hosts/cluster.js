'use strict'

// Runs the program that it is given in workers of `cluster`: a server in two that share its port, another in one.

const cluster = require('node:cluster')
const { pathToFileURL } = require('node:url')

const MILLISECONDS = 2000

const [, , program] = process.argv
const isServer = /(server|eventsource)[^/]*$/.test(program)

if (cluster.isPrimary) {
  for (let i = 0; i < (isServer ? 2 : 1); i++) cluster.fork().on('exit', (code) => { process.exitCode ||= code })
} else {
  import(pathToFileURL(program))
  // A worker stays as long as its primary, unless that is told not to count.
  if (!isServer) setTimeout(() => process.channel?.unref(), MILLISECONDS).unref()
}
