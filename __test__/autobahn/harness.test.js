'use strict'

// The parts of the conformance run without Python: options, verdicts and tables.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { parseOptions, UsageError } = require('./options')
const { isAcceptable, readReport, table, verdictOf } = require('./report')
const { nonStrictCasesOf } = require('./targets')

test('conformance: the verdict of a case is the worse of its two results', () => {
  const cases = [
    ['OK', 'OK', 'OK'],
    ['OK', 'INFORMATIONAL', 'INFORMATIONAL'],
    ['NON-STRICT', 'OK', 'NON-STRICT'],
    ['OK', 'WRONG CODE', 'NON-STRICT'],
    ['OK', 'FAILED BY CLIENT', 'NON-STRICT'],
    ['INFORMATIONAL', 'UNCLEAN', 'FAILED'],
    ['NON-STRICT', 'FAILED', 'FAILED'],
    ['UNIMPLEMENTED', 'OK', 'UNIMPLEMENTED'],
    ['FAILED', 'OK', 'FAILED'],
    ['a word of the next release', 'OK', 'FAILED'],
    ['OK', undefined, 'FAILED']
  ]
  for (const [behavior, behaviorClose, expected] of cases) {
    assert.equal(verdictOf({ behavior, behaviorClose }), expected, `${behavior}, ${behaviorClose}`)
  }
})

test('conformance: OK, INFORMATIONAL and known NON-STRICT cases are accepted', () => {
  const cases = [
    ['OK', true, true],
    ['INFORMATIONAL', true, true],
    ['NON-STRICT', false, true],
    ['UNIMPLEMENTED', false, false],
    ['FAILED', false, false]
  ]
  for (const [verdict, expected, expectedOfKnown] of cases) {
    assert.equal(isAcceptable({ id: '6.4.1', verdict }, ['6.4.2']), expected, verdict)
    assert.equal(isAcceptable({ id: '6.4.2', verdict }, ['6.4.2']), expectedOfKnown, verdict)
  }
})

test('conformance: faye-websocket and websocket-driver have no non-strict cases', () => {
  assert.deepEqual(['faye', 'driver'].flatMap(nonStrictCasesOf), [])
})

test('conformance: a case without a report counts as failed', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'report-'))
  const ok = { behavior: 'OK', behaviorClose: 'OK', reportfile: 'unused.json' }
  const index = { ours: { '1.1.1': ok }, theirs: { '1.1.2': ok } }
  fs.writeFileSync(path.join(directory, 'index.json'), JSON.stringify(index))

  const results = readReport(directory, 'ours', ['1.1.1', '1.1.2'])
  fs.rmSync(directory, { recursive: true })

  assert.deepEqual(results, [
    { id: '1.1.1', verdict: 'OK', details: [] },
    { id: '1.1.2', verdict: 'FAILED', details: ['was not run'] }
  ])
})

test('conformance: the table has a row per group and a row of sums', () => {
  const results = [['1.1.1', 'OK'], ['1.1.2', 'FAILED'], ['10.1.1', 'OK']].map(([id, verdict]) => ({ id, verdict }))

  assert.deepEqual(table(results).map(line => line.split(/ +/)), [
    ['group', 'OK', 'INFORMATIONAL', 'NON-STRICT', 'UNIMPLEMENTED', 'FAILED'],
    ['1', '1', '0', '0', '0', '1'],
    ['10', '1', '0', '0', '0', '0'],
    ['all', '2', '0', '0', '0', '1']
  ])
})

test('conformance: the default is all groups, all interfaces and both roles', () => {
  const { cases, targets, roles, timeout } = parseOptions([])

  assert.deepEqual(cases, ['1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '9.*', '10.*', '12.*', '13.*'])
  assert.deepEqual(targets, ['faye', 'driver', 'websocket', 'w3cwebsocket'])
  assert.deepEqual(roles, ['server', 'client'])
  assert.equal(timeout, 3_600_000)
})

test('conformance: the time limit is shorter without compression', () => {
  assert.equal(parseOptions(['--cases', '1,2,6.4.*']).timeout, 300_000)
})

test('conformance: another package has one interface, by default that of faye-websocket', () => {
  assert.deepEqual(parseOptions(['--package', 'faye-websocket']).targets, ['faye'])
  assert.deepEqual(parseOptions(['--package', 'websocket-driver', '--target', 'driver']).targets, ['driver'])
  assert.deepEqual(parseOptions(['--package', 'websocket', '--target', 'w3cwebsocket']).targets, ['w3cwebsocket'])
  assert.deepEqual(parseOptions(['--target=all']).targets, ['faye', 'driver', 'websocket', 'w3cwebsocket'])
})

test('conformance: options set the cases, the role, the time limit and the package', () => {
  const options = parseOptions(['--cases', '12, 6.4.*,9.1.1', '--role=client', '--package', 'faye-websocket'])

  assert.deepEqual(options.cases, ['12.*', '6.4.*', '9.1.1'])
  assert.deepEqual(options.roles, ['client'])
  assert.equal(options.timeout, 3_600_000)
  assert.equal(options.subject.package, 'faye-websocket')
})

test('conformance: invalid options are refused', () => {
  const cases = [
    ['--case', '1'],
    ['--constructor', 'x'],
    ['extra'],
    ['--role', 'proxy'],
    ['--target', 'ws'],
    ['--target', 'w3cwebsocket', '--role', 'server'],
    ['--cases', 'abc'],
    ['--cases'],
    ['--timeout', 'long']
  ]
  for (const args of cases) {
    assert.throws(() => parseOptions(args), UsageError, args.join(' '))
  }
})
