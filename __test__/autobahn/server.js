'use strict'

// The echo server that wstest's fuzzing client tests. Sends its port to the parent process, and ends with it.

const { createTarget } = require('./targets')

const server = createTarget(JSON.parse(process.argv[2])).createServer()

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
