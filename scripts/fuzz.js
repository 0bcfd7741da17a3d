'use strict'

// npm run fuzz: builds the fuzz targets and runs them, one per processor at a time.
//
// They are libFuzzer programs like those of cargo-fuzz, which can run them too. Plain cargo builds them here: it
// needs only compiler flags, and to compile cargo-fuzz takes longer than to compile the targets.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, Failure, run, main } = require('./support')

const FUZZ = path.join(ROOT, 'fuzz')
const TARGETS = [
  'handshake_head', 'extension_header', 'hybi_stream', 'hixie_stream', 'operations', 'deflate_message', 'tls_session'
]

const USAGE = `Usage: npm run fuzz -- [--seconds <n>] [--jobs <n>] [target ...]

  --seconds  the seconds for each target. Default: 60
  --jobs     how many targets run at a time. Default: the number of processors
  target     ${TARGETS.join(', ')}.
             Default: all`

// Coverage for libFuzzer, and AddressSanitizer. Both flags are unstable, so they require RUSTC_BOOTSTRAP.
const FLAGS = [
  '--cfg=fuzzing',
  '-Zsanitizer=address',
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares'
]

const NEEDS = 'The fuzz targets require Linux, Rust 1.88 or newer, a C++ compiler for libFuzzer and, the first time, ' +
  'a network connection for the crates.'

async function fuzzAll (args) {
  const { seconds, jobs, targets } = parse(args)
  const directory = build()
  const waiting = [...targets]
  const failed = []
  const worker = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      if (!await fuzz(directory, target, seconds)) failed.push(target)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  if (failed.length > 0) throw new Failure('The fuzzer has found errors in ' + failed.join(', '))
}

function parse (args) {
  const options = { seconds: 60, jobs: os.cpus().length, targets: [] }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const number = Number(rest[0])
    if ((arg === '--seconds' || arg === '--jobs') && Number.isInteger(number) && number > 0) {
      options[arg.slice(2)] = number
      rest.shift()
    } else if (TARGETS.includes(arg)) {
      options.targets.push(arg)
    } else {
      throw new Failure(`Unknown argument: ${arg}\n${USAGE}`)
    }
  }
  if (options.targets.length === 0) options.targets = TARGETS
  return options
}

/** Builds all targets. Returns their directory. */
function build () {
  const { stdout } = run('rustc', ['-vV'], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', fix: NEEDS })
  const host = /^host: (.*)$/m.exec(stdout)[1]
  // With --target, the flags do not apply to build scripts and macros.
  const args = ['build', '--release', '--locked', '--bins', '--manifest-path', 'fuzz/Cargo.toml', '--target', host]
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: path.join(FUZZ, 'target'),
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: FLAGS.join(' ')
  }
  delete env.CARGO_ENCODED_RUSTFLAGS
  run('cargo', args, { name: 'cargo build', fix: NEEDS, env })
  return path.join(FUZZ, 'target', host, 'release')
}

/** Runs one target. Prints its findings and stores them in fuzz/artifacts. */
function fuzz (directory, target, seconds) {
  const corpus = path.join(FUZZ, 'corpus', target)
  const artifacts = path.join(FUZZ, 'artifacts', target)
  for (const made of [corpus, artifacts]) fs.mkdirSync(made, { recursive: true })
  const program = path.join(directory, target)
  const args = [
    '-max_total_time=' + seconds,
    '-timeout=10',
    '-rss_limit_mb=2048',
    '-max_len=4096',
    '-print_final_stats=1',
    `-artifact_prefix=${artifacts}/`,
    corpus
  ]
  return new Promise((resolve, reject) => {
    const output = []
    // A time limit, in case the fuzzer exceeds its own.
    const timeout = (seconds + 120) * 1000
    const child = spawn(program, args, { cwd: FUZZ, stdio: ['ignore', 'ignore', 'pipe'], timeout })
    child.stderr.on('data', (data) => output.push(data))
    child.on('error', (error) => reject(new Failure(`${target} could not be run: ${error.message}`)))
    child.on('close', (status, signal) => {
      const log = Buffer.concat(output).toString()
      if (status === 0) {
        console.log(`${target}: nothing found in ${statistic(log, 'number_of_executed_units')} executions, ` +
          statistic(log, 'average_exec_per_sec') + ' per second')
      } else {
        console.log(`\n${target}: ${signal || 'exit code ' + status}\n${log.slice(-TAIL)}`)
        const file = /Test unit written to (\S+)/.exec(log)
        if (file) console.log(`To repeat: ${[program, file[1]].map((part) => path.relative(ROOT, part)).join(' ')}\n`)
      }
      resolve(status === 0)
    })
  })
}

function statistic (log, name) {
  const found = new RegExp(`^stat::${name}: *(\\d+)`, 'm').exec(log)
  return found ? found[1] : '?'
}

// Long enough for a panic, both stacks and the input.
const TAIL = 12000

main(fuzzAll)
