'use strict'

const { TARGET_NAMES, rolesOf } = require('./targets')

const USAGE = `Runs Autobahn|Testsuite against this package.

  npm run conformance -- [options]

  --role server|client|both   the tested end of the connection (default: both)
  --cases LIST                case patterns or whole groups, for example 1,2,6.4.*,9.1.1 (default: all groups)
  --report DIR                keep the HTML and JSON reports in DIR, for example DIR/driver/server
  --target NAME               the tested interface: faye (faye-websocket), driver (websocket-driver on bare TCP),
                              websocket (the package websocket), w3cwebsocket (its WebSocket of browsers, only a
                              client), or all (default: all, or faye with --package)
  --package NAME              test another package with the interface of the target, for example faye-websocket
  --transport NAME            the option transport, which is passed to the package
  --timeout SECONDS           limit for one target and role (default: 300, or 3600 with cases of groups 12 or 13)
  --install                   only install the testsuite
  --help                      print this text
`

// Groups 8 and 11 do not exist.
const DEFAULT_CASES = '1,2,3,4,5,6,7,9,10,12,13'

/** @param {string[]} argv without the program names */
function parseOptions (argv) {
  const options = {
    role: 'both',
    cases: DEFAULT_CASES,
    report: '',
    package: '',
    target: '',
    transport: '',
    timeout: '',
    install: false,
    help: false
  }

  for (let i = 0; i < argv.length; i++) {
    const match = /^--([a-z]+)(?:=(.*))?$/s.exec(argv[i])
    if (match === null || !Object.hasOwn(options, match[1])) throw new UsageError(`Unknown option: ${argv[i]}`)

    const [, name, inline] = match
    if (name === 'help' || name === 'install') options[name] = true
    else options[name] = inline ?? argv[++i]

    if (options[name] === undefined || options[name] === '') throw new UsageError(`--${name} requires a value`)
  }
  if (!['server', 'client', 'both'].includes(options.role)) throw new UsageError(`Unknown role: ${options.role}`)
  if (!['', 'all', ...TARGET_NAMES].includes(options.target)) throw new UsageError(`Unknown target: ${options.target}`)
  if (TARGET_NAMES.includes(options.target) && options.role !== 'both' &&
    !rolesOf(options.target).includes(options.role)) {
    throw new UsageError(`${options.target} has no ${options.role}`)
  }
  if (options.timeout !== '' && !(Number(options.timeout) > 0)) {
    throw new UsageError(`Not a number of seconds: ${options.timeout}`)
  }

  const cases = casePatterns(options.cases)
  const slow = cases.some(pattern => /^1[23]\b|^\*/.test(pattern))
  return {
    help: options.help,
    install: options.install,
    report: options.report,
    roles: options.role === 'both' ? ['server', 'client'] : [options.role],
    cases,
    timeout: 1000 * (Number(options.timeout) || (slow ? 3600 : 300)),
    targets: targets(options),
    subject: { package: options.package, transport: options.transport }
  }
}

function targets ({ target, package: other }) {
  if (target === 'all') return TARGET_NAMES
  if (target !== '') return [target]
  return other === '' ? TARGET_NAMES : ['faye']
}

// A number is a group. Other patterns go to wstest, which supports only the asterisk.
function casePatterns (list) {
  const patterns = list.split(',').map(item => item.trim())
  for (const pattern of patterns) {
    if (!/^[\d.*]+$/.test(pattern)) throw new UsageError(`Not a case pattern: '${pattern}'`)
  }
  return patterns.map(pattern => /^\d+$/.test(pattern) ? `${pattern}.*` : pattern)
}

class UsageError extends Error {}

module.exports = { parseOptions, UsageError, USAGE }
