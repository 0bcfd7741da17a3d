'use strict'

// Programs with a fake clock, and programs with timers that are not Node's.

const { test } = require('node:test')

const { inScope } = require('../support/test')
const { Program, acceptClients, meetAll, meetExit } = require('./meet')
const { EXIT } = require('./scenarios')

const KINDS = [
  { kind: 'the real globals' },
  { kind: 'sinon: timers', isRestored: true },
  { kind: 'sinon: nextTick', isRestored: true, isHeld: true },
  { kind: 'sinon: everything', isRestored: true, isHeld: true },
  // In Node 18 it has other arguments and no setImmediate.
  { kind: 'node:test', isRestored: true, since: 20 },
  { kind: 'numbers as timers' },
  { kind: 'no globals', order: 'after' }
]

const version = parseInt(process.versions.node)

for (const { kind, order, isHeld, isRestored, since = 18 } of KINDS) {
  for (const each of order ? [order] : ['after', 'before']) {
    const skip = version < since && `needs Node ${since}`
    test(`scenarios with ${kind}, ${each} the package is loaded`, { skip }, (t) => inScope(async (scope) => {
      const clients = await acceptClients(scope)
      const program = new Program([require.resolve('./faked'), kind, each, clients.url])
      scope.defer(() => program.kill())
      await program.start()
      await meetAll(t, scope, { program, clients, isHeld, catches: true })
      if (isRestored) {
        await program.ask('/restore')
        await t.test('scenarios after the real clock is restored', (t) => {
          return meetAll(t, scope, { program, clients, catches: true })
        })
      }
      await t.test(EXIT, () => meetExit(scope, { program, clients }))
    }, 120000))
  }
}
