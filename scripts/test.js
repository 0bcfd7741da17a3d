'use strict'

// npm test: builds missing files, then runs the Rust tests and the Node tests.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, Failure, ensureDependencies, main } = require('./support')
const { build } = require('./build')
const { MODULE, buildWasm } = require('./wasm')
const { ROOMS, testFiles } = require('./test_files')
const { runRustTests, runTests, summarise } = require('./test_runner')

// Forces a transport: see lib/transport/adoption.js. By default, connections use the native transport if the machine
// supports it.
const TRANSPORT = 'FAYE_WEBSOCKET_TRANSPORT'
// `wasm` forces WebAssembly: see lib/choice.js.
const RUNTIME = 'FAYE_WEBSOCKET_RUNTIME'
// Rooms whose test files must pass with both transports if they open connections.
const CONNECTIONS = /^__test__\/(dependents|faye|websocket|parity|permessage-deflate)\//
// Rooms whose test files run programs that open connections.
const GUESTS = /^__test__\/guests\//
const SUPPORT = 'child|client|dial|open|peer|proxy|ways|websocket'
const RUNNERS = 'websocket-(scripts|services)'
const OPENS = new RegExp(`require\\('(\\.\\./support/(${SUPPORT})|\\./${RUNNERS}|node:(http|https|net))'\\)`)
const isWasm = process.env[RUNTIME] === 'wasm'
/** Arguments of `cargo test`. */
const RUST_TESTS = [
  ['--workspace'],
  ['-p', 'faye-websocket-engine', '--features', 'fault-injection', '--test', 'faults']
]

const USAGE = `Usage: npm test -- [--rust | --js] [--jobs <n>] [filter ...]

  --rust   runs only the Rust tests
  --js     runs only the Node tests
  --jobs   how many Node test files run at a time. Default: the number of processors
  filter   runs only the Node test files whose path contains a filter; no Rust tests without --rust

Files that open connections run twice: natively, and with ${TRANSPORT}=stream. If the variable is
set, all files run once, with that transport. With ${RUNTIME}=wasm, all files run once, with WebAssembly.`

main(async (args) => {
  const { rust, js, jobs, filters } = parse(args)
  const files = js ? testFiles(filters) : []
  ensureDependencies()
  for (const room of ROOMS.map((name) => `__test__/${name}/`)) {
    if (files.some((file) => file.startsWith(room))) ensureDependencies(room)
  }
  build()
  prepareWasm()
  const sums = [...(rust ? RUST_TESTS.map(runRustTests) : []), ...(js ? [await runTests(runsOf(files), jobs)] : [])]
  // The summary is printed last: its line ends the output.
  process.exitCode = summarise(sums)
})

/**
 * Builds WebAssembly if the tests need it. Without a module, its tests are skipped. An existing module must not be
 * stale.
 */
function prepareWasm () {
  if (!isWasm && !fs.existsSync(MODULE)) return
  const reason = buildWasm({ mayFetch: isWasm })
  if (isWasm && reason !== undefined) throw new Failure(`${RUNTIME} is "wasm", but the build failed: ${reason}`)
}

function runsOf (files) {
  if (isWasm) return files.map((file) => ({ file, label: 'wasm', env: { [TRANSPORT]: 'stream' } }))
  const forced = process.env[TRANSPORT]
  return files.flatMap((file) => {
    if (forced !== undefined || !opensConnections(file)) return [{ file, label: forced ?? '', env: {} }]
    return [{ file, label: 'stream', env: { [TRANSPORT]: 'stream' } }, { file, label: 'native', env: {} }]
  })
}

function opensConnections (file) {
  return GUESTS.test(file) || (CONNECTIONS.test(file) && OPENS.test(fs.readFileSync(path.join(ROOT, file), 'utf8')))
}

function parse (args) {
  const options = { rust: false, js: false, jobs: os.cpus().length, filters: [] }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--rust' || arg === '--js') options[arg.slice(2)] = true
    else if (arg === '--jobs' && Number(rest[0]) >= 1) options.jobs = Math.floor(Number(rest.shift()))
    else if (!arg.startsWith('-')) options.filters.push(arg)
    else throw new Failure(`Unknown argument: ${arg}\n${USAGE}`)
  }
  const { rust, js, filters } = options
  if (rust && !js && filters.length > 0) throw new Failure(`Filters select Node tests; --rust runs none.\n${USAGE}`)
  if (!rust && !js) Object.assign(options, { rust: filters.length === 0, js: true })
  return options
}
