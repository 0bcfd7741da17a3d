'use strict'

// npm test: builds what is missing, then runs the Rust tests and the Node tests.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, run, ensureDependencies, main } = require('./support')
const { build } = require('./build')
const { testFiles } = require('./test_files')

// Forces a transport: see lib/transport/native.js. Without it, connections are native where the machine allows it.
const TRANSPORT = 'FAYE_WEBSOCKET_TRANSPORT'
// What needs one to be shown under both.
const CONNECTIONS = /^__test__\/(faye|parity|permessage-deflate)\//
// These run programs that open some.
const GUESTS = /^__test__\/guests\//
const OPENS = /require\('\.\.\/support\/(peer|proxy)'\)|require\('node:(http|https|net)'\)/

const USAGE = `Usage: npm test -- [--rust | --js] [filter ...]

  --rust   only the Rust tests
  --js     only the Node tests
  filter   only the Node test files whose path contains one of the filters; without --rust, no Rust tests

The tests that open connections run twice, the first time with ${TRANSPORT}=stream. Where that is set already, all
tests run once, with that transport.`

main((args) => {
  const { rust, js, filters } = parse(args)
  const files = js ? testFiles(filters) : []
  ensureDependencies()
  build()
  if (rust) run('cargo', ['test', '--workspace', '--locked'], { name: 'cargo test' })
  // Last, and with nothing printed after it: the runner's closing line ends the output.
  if (js) process.exitCode = bothTransports(files)
})

function bothTransports (files) {
  const again = TRANSPORT in process.env ? [] : files.filter(opensConnections)
  const failed = again.length > 0 && nodeTests(again, { [TRANSPORT]: 'stream' }) !== 0
  const code = nodeTests(files)
  if (failed) console.log(`# failed before, with ${TRANSPORT}=stream: see above`)
  return failed ? 1 : code
}

function opensConnections (file) {
  return GUESTS.test(file) || (CONNECTIONS.test(file) && OPENS.test(fs.readFileSync(path.join(ROOT, file), 'utf8')))
}

function parse (args) {
  const filters = args.filter((arg) => !arg.startsWith('-'))
  const flags = args.filter((arg) => arg.startsWith('-'))
  const unknown = flags.find((flag) => flag !== '--rust' && flag !== '--js')
  if (unknown) throw new Failure(`Unknown argument: ${unknown}\n${USAGE}`)
  const only = flags.length === 1 ? flags[0] : filters.length > 0 ? '--js' : undefined
  if (only === '--rust' && filters.length > 0) throw new Failure(`Filters choose Node test files.\n${USAGE}`)
  return { rust: only !== '--js', js: only !== '--rust', filters }
}

// Node 18.0 has node:test but no `node --test`: there each file runs by itself, and the closing line is ours.
function nodeTests (files, env) {
  if (!process.version.startsWith('v18.0.')) return passes(['--test', ...files], env) ? 0 : 1
  const failed = files.filter((file) => !passes([file], env))
  for (const file of failed) console.log('# failed: ' + file)
  console.log(`# files ${files.length}, failed ${failed.length}`)
  return failed.length > 0 ? 1 : 0
}

function passes (args, env) {
  try {
    run(process.execPath, args, { env: { ...process.env, ...env } })
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return false
  }
}
