'use strict'

// Runs Autobahn|Testsuite against this package, as a server and as a client. `--help` lists the options.

const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { build } = require('../../scripts/build')
const { ensureDependencies } = require('../../scripts/support')
const { startScript, stopAll } = require('./children')
const { install } = require('./install')
const { parseOptions, UsageError, USAGE } = require('./options')
const { isAcceptable, readReport, table } = require('./report')
const { describe, nonStrictCasesOf, rolesOf } = require('./targets')
const { Wstest } = require('./wstest')

async function main () {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) return log(USAGE)

  const python = await install(log)
  if (options.install) return
  ensureDependencies()
  if (options.subject.package === '') build()
  const reports = options.report === '' ? temporaryDirectory() : path.resolve(options.report)

  for (const target of options.targets) {
    for (const role of rolesOf(target).filter(role => options.roles.includes(role))) {
      const subject = { ...options.subject, target }
      const passed = await testRole(role, python, path.join(reports, target, role), { ...options, subject })
      if (!passed) process.exitCode = 1
    }
  }
}

async function testRole (role, python, outdir, { cases, subject, timeout }) {
  const agent = describe(subject)
  const { target, transport } = subject
  const title = `${target} target, ${role} role of ${agent}${transport && `, transport ${transport}`}`
  fs.mkdirSync(outdir, { recursive: true })
  // The report of an earlier run must not count for this one.
  fs.rmSync(path.join(outdir, 'index.json'), { force: true })

  const begun = Date.now()
  const progress = new Progress()
  try {
    await within(timeout, ROLES[role]({ python, outdir, cases, subject, agent, progress }), progress)
  } catch (error) {
    log(`\n${title}: ${error.message}`)
    return false
  } finally {
    progress.erase()
    stopAll()
  }

  const results = readReport(outdir, agent, progress.cases)
  const seconds = ((Date.now() - begun) / 1000).toFixed(1)
  log(`\n${title}: ${results.length} cases in ${seconds} s\n`)
  log(table(results).join('\n'))
  for (const { id, verdict, details } of results) {
    if (details.length > 0) log(`\n${id} ${verdict}\n  ${details.join('\n  ')}`)
  }

  const nonStrict = nonStrictCasesOf(target)
  const refused = results.filter(result => !isAcceptable(result, nonStrict))
  log(refused.length === 0 ? `\n${title}: passed` : `\n${title}: FAILED in ${refused.map(({ id }) => id).join(', ')}`)
  return refused.length === 0
}

const ROLES = {
  async server ({ python, outdir, cases, subject, agent, progress }) {
    const server = startScript(path.join(__dirname, 'server.js'), [JSON.stringify(subject)])
    const [{ port }] = await unlessEnded(once(server.child, 'message'), server, 'The echo server')

    const servers = [{ agent, url: `ws://127.0.0.1:${port}` }]
    const wstest = new Wstest(python, 'fuzzingclient', { outdir, cases, servers })
    await Promise.race([
      progress.follow(wstest, cases),
      unlessEnded(success(wstest, 'wstest'), server, 'The echo server')
    ])
  },

  async client ({ python, outdir, cases, subject, agent, progress }) {
    // wstest chooses the port when it listens.
    const wstest = new Wstest(python, 'fuzzingserver', { outdir, cases, url: 'ws://127.0.0.1' })
    const listed = progress.follow(wstest, cases)
    const [port] = await Promise.race([listed, unlessEnded(once(wstest, 'port'), wstest, 'wstest')])

    const args = [JSON.stringify(subject), `ws://127.0.0.1:${port}`, agent]
    const client = startScript(path.join(__dirname, 'client.js'), args)
    await Promise.race([listed, unlessEnded(success(client, 'The client'), wstest, 'wstest')])
  }
}

/** The cases to run, and the current case. */
class Progress {
  cases = []
  current = 'none'
  #count = 0

  /** Rejects when a pattern matches no case. Never resolves. */
  follow (wstest, patterns) {
    wstest.on('case', id => {
      this.current = id
      this.#count++
      if (process.stderr.isTTY) process.stderr.write(`\r${this.#count} of ${this.cases.length}: ${id}\x1b[K`)
    })
    return new Promise((resolve, reject) => {
      wstest.once('cases', cases => {
        this.cases = cases
        const useless = patterns.filter(pattern => !cases.some(id => matches(pattern, id)))
        if (useless.length > 0) reject(new Error(`No case matches ${useless.join(', ')}`))
      })
    })
  }

  erase () {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}

function matches (pattern, id) {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(id)
}

async function success ({ ended, tail = [] }, name) {
  const { ok, how } = await ended
  if (!ok) throw new Error([`${name} failed: ${how}`, ...tail].join('\n'))
}

function unlessEnded (promise, { ended }, name) {
  return Promise.race([promise, ended.then(({ how }) => { throw new Error(`${name} ended early: ${how}`) })])
}

function within (milliseconds, promise, progress) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not finished after ${milliseconds / 1000} s, the last case started is ${progress.current}`))
    }, milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function temporaryDirectory () {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'autobahn-'))
  process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

function log (text) {
  process.stdout.write(`${text}\n`)
}

// Listeners of 'exit' stop the children and remove temporary folders.
for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]]) {
  process.on(signal, () => process.exit(128 + number))
}

main().catch(error => {
  log(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error.message)
  process.exit(1)
})
