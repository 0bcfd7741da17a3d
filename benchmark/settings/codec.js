'use strict'

// Compresses and inflates messages of several connections in turn, without sockets. Sends the parent { compress,
// inflate, ratio }: the microseconds of processor time per message, and the size before ÷ after compression.
//
//   node benchmark/settings/codec.js '{ "options": {}, "size": 1024, "sessions": 16, "bytes": 1048576 }'

const deflate = require('../../lib/permessage-deflate')
const { ticker } = require('../datasets')

/** The messages of each session that are compressed, and then inflated, between two readings of the clock. */
const BLOCK = 16
/** The part of the measured bytes that the warm-up compresses. Sessions choose their reach in the first 32 KiB. */
const WARM_UP = 0.5

const { options, size, sessions: count, bytes } = JSON.parse(process.argv[2])
const messages = ticker(size).map((message) => Buffer.from(message))
const extension = deflate.configure(options)

/** Both endpoints of one direction, with the same options: a server compresses, a client inflates. */
class Session {
  constructor (index) {
    this.client = extension.createClientSession()
    this.server = extension.createServerSession([this.client.generateOffer()])
    if (!this.client.activate(this.server.generateResponse())) throw new Error('The client refuses the response')
    // Sessions begin at different places of the data.
    this.next = Math.floor(index * messages.length / count)
  }

  /** Returns the next messages: plain ones, to be compressed later. */
  take () {
    return Array.from({ length: BLOCK }, () => {
      const plain = messages[this.next++ % messages.length]
      return { session: this, plain, message: { rsv1: false, rsv2: false, rsv3: false, opcode: 1, data: plain } }
    })
  }
}

async function main () {
  const sessions = Array.from({ length: count }, (_, index) => new Session(index))
  const blocks = Math.ceil(bytes / size / BLOCK)
  for (let i = 0; i < blocks * WARM_UP; i++) await block(sessions)
  const total = { compress: 0, inflate: 0, plain: 0, compressed: 0 }
  for (let i = 0; i < blocks; i++) {
    for (const [name, value] of Object.entries(await block(sessions))) total[name] += value
  }
  const number = blocks * BLOCK * count
  return {
    compress: total.compress / number,
    inflate: total.inflate / number,
    ratio: total.plain / total.compressed
  }
}

async function block (sessions) {
  const rows = sessions.map((session) => session.take())
  // Sessions take turns after each message, as on a server with several busy connections.
  const jobs = Array.from({ length: BLOCK }, (_, index) => rows.map((row) => row[index])).flat()
  const compress = await timed(jobs, ({ session: { server }, message }, done) => {
    server.processOutgoingMessage(message, done)
  })
  const compressed = sum(jobs, ({ message }) => message.data.length)
  const inflate = await timed(jobs, ({ session: { client }, message }, done) => {
    client.processIncomingMessage(message, done)
  })
  for (const { plain, message } of jobs) {
    if (!plain.equals(message.data)) throw new Error('A message differs from the one that was compressed')
  }
  return { compress, inflate, compressed, plain: sum(jobs, ({ plain }) => plain.length) }
}

/** Returns the microseconds of processor time for all jobs. */
async function timed (jobs, work) {
  let left = jobs.length
  const done = (error) => {
    if (error) throw error
    left--
  }
  const before = process.cpuUsage()
  for (const job of jobs) work(job, done)
  // A session yields to the event loop after each MiB.
  while (left > 0) await new Promise(setImmediate)
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function sum (list, valueOf) {
  return list.reduce((total, item) => total + valueOf(item), 0)
}

main().then((figures) => process.send(figures), (error) => {
  console.error(error)
  process.exit(1)
})
