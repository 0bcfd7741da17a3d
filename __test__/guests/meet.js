'use strict'

// The test's end of the scenarios that a program serves.

const { spawn } = require('node:child_process')
const http = require('node:http')

const { accept, connectOpen, connect } = require('../support/peer')
const { upgradeRequest } = require('../support/wire')
const { MARK } = require('./program')
const { EXIT, scenarios } = require('./scenarios')

const LIMIT = 20000

/** A program in its own process, with the lines that it prints and its end. */
class Program {
  #lines = []
  #waiting = []
  output = ''

  constructor (command, { env, cwd } = {}) {
    const stdio = ['ignore', 'pipe', 'pipe']
    this.child = spawn(process.execPath, command, { cwd, env: { ...process.env, ...env }, stdio })
    this.child.stdout.setEncoding('utf8').on('data', (text) => this.#read(text))
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.output += text })
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(signal ?? code)))
  }

  #rest = ''

  #read (text) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()
    for (const line of lines) {
      const at = line.indexOf(MARK)
      if (at < 0) this.output += line + '\n'
      else this.#heard(JSON.parse(line.slice(at + MARK.length)))
    }
  }

  #heard (line) {
    const index = this.#waiting.findIndex(({ isWanted }) => isWanted(line))
    if (index < 0) this.#lines.push(line)
    else this.#waiting.splice(index, 1)[0].resolve(line)
  }

  /** Resolves with the next value that the program reports about this subject. */
  async told (subject) {
    const isWanted = (line) => line[0] === subject
    const index = this.#lines.findIndex(isWanted)
    if (index >= 0) return this.#lines.splice(index, 1)[0][1]
    const heard = new Promise((resolve) => this.#waiting.push({ isWanted, resolve }))
    const late = timeout(LIMIT, () => `the program has not reported: ${subject}\n${this.output}`)
    const end = this.ended.then((how) => { throw new Error(`the program has ended: ${how}\n${this.output}`) })
    try {
      return (await Promise.race([heard, late.promise, end]))[1]
    } finally {
      late.clear()
    }
  }

  kill () {
    this.child.kill('SIGKILL')
    return this.ended
  }

  /** Ends the program's server, and resolves with the exit code or the signal. */
  async end () {
    await this.ask('/end')
    const late = timeout(LIMIT, () => `the program does not end\n${this.output}`)
    try {
      return await Promise.race([this.ended, late.promise])
    } finally {
      late.clear()
    }
  }

  async start () {
    this.port = await this.told('port')
  }

  /** Requests a path of the program, such as `/restore`. */
  ask (path) {
    return new Promise((resolve, reject) => {
      http.get({ port: this.port, host: '127.0.0.1', path, agent: false }, (response) => {
        response.resume().on('end', resolve)
      }).on('error', reject)
    })
  }
}

function timeout (milliseconds, message) {
  let timer
  const promise = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(message())), milliseconds)
  })
  return { promise, clear: () => clearTimeout(timer) }
}

/** Runs all scenarios with a program, one after the other. Each is a subtest of `t`. */
async function meetAll (t, scope, { isHeld = false, ...ends }) {
  for (const [name, { needsNode }] of Object.entries(scenarios)) {
    if (name !== EXIT && !(isHeld && needsNode)) await t.test(name, () => meetOne(name, scope, ends))
  }
}

async function meetOne (name, scope, { program, clients, catches = false }) {
  const { headers, isRefused, meet } = scenarios[name]
  const all = { 'X-Scenario': name, ...headers }
  const peer = isRefused ? await request(scope, program.port, all) : await connectOpen(scope, program.port, all)
  await meet({ peer, catches, accepted: () => clients.acceptedOpen(), told: () => program.told(name) })
  peer.socket.destroy()
}

async function request (scope, port, headers) {
  const peer = await connect(scope, port)
  peer.write(upgradeRequest(headers))
  return peer
}

module.exports = { Program, acceptClients: accept, meetAll, meetExit: meetOne.bind(null, EXIT) }
