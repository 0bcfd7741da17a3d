'use strict'

// Programs under Jest, whose contexts have their own globals and their own `process`.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')

const { inScope } = require('../support/test')
const { Program, acceptClients, meetAll, meetExit } = require('./meet')
const { EXIT } = require('./scenarios')

const FOLDER = path.join(__dirname, 'jest')
const MODERN = {}
const LEGACY = { legacyFakeTimers: true }

/** `useFakeTimers` is called after the package is loaded. `fakeTimers` is configured and takes effect before. */
const KINDS = [
  { name: 'real timers' },
  { name: 'fake timers', useFakeTimers: MODERN },
  { name: 'legacy fake timers', useFakeTimers: LEGACY },
  { name: 'fake timers from the beginning', fakeTimers: { enableGlobally: true } },
  { name: 'legacy fake timers from the beginning', fakeTimers: { enableGlobally: true, ...LEGACY } }
]

for (const environment of ['node', 'jsdom']) {
  for (const kind of KINDS) {
    test(`jest, ${environment}: scenarios with ${kind.name}`, { skip: skipReason() }, (t) => inScope(async (scope) => {
      const { program, clients } = await start(scope, environment, kind)
      await meetAll(t, scope, { program, clients })
      assert.equal(await program.end(), 0, program.output)
    }, 120000))
  }

  test(`jest, ${environment}: ${EXIT}`, { skip: skipReason() }, () => inScope(async (scope) => {
    await meetExit(scope, await start(scope, environment, {}))
  }, 120000))
}

async function start (scope, environment, { useFakeTimers, fakeTimers }) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'faye-websocket-jest-'))
  scope.defer(() => fs.rmSync(directory, { recursive: true, force: true }))
  const clients = await acceptClients(scope)
  const config = {
    rootDir: FOLDER,
    testMatch: ['**/guest.js'],
    testEnvironment: environment,
    transform: {},
    cacheDirectory: directory,
    ...(fakeTimers && { fakeTimers })
  }
  const program = new Program([require.resolve('jest/bin/jest'), '--runInBand', '--config', JSON.stringify(config)], {
    cwd: FOLDER,
    env: { SERVER_URL: clients.url, ...(useFakeTimers && { FAKE_TIMERS: JSON.stringify(useFakeTimers) }) }
  })
  scope.defer(() => program.kill())
  await program.start()
  return { program, clients }
}

function skipReason () {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major < 18 || (major === 18 && minor < 14) ? 'Jest needs Node 18.14' : false
}
