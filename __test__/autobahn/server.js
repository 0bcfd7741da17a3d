'use strict'

// The echo server that wstest's fuzzing client talks to. Tells its parent the port, ends with its parent.

const { createTarget } = require('./targets')

const server = createTarget(JSON.parse(process.argv[2])).createServer()

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
