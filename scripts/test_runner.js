'use strict'

// Runs the Rust tests, and the Node test files, each in its own process, several at a time. Counts the results.
//
// It does not use `node --test`, which runs fewer files at a time than there are processors, has no flag for that
// before Node 20.10, and prints every test. This runner prints one line for a passed file, and everything for a
// failed one.

const { spawn, spawnSync } = require('node:child_process')
const { ROOT } = require('./support')

/** The time limit of a file, in minutes. No file takes as long, even on a busy machine. */
const LIMIT = 15
/** Node before 18.15 has no choice of reporters, and reports TAP. */
const REPORTER = process.allowedNodeEnvironmentFlags.has('--test-reporter') ? ['--test-reporter=tap'] : []

const RUST_RESULT = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm

/**
 * Runs `cargo test`, and prints its output if a test fails. Returns the sums.
 *
 * @param {string[]} args the arguments of `cargo test`
 */
function runRustTests (args) {
  const begun = Date.now()
  const command = ['test', ...args, '--locked', '--quiet', '--no-fail-fast']
  const { status, error, stdout } = spawnSync('cargo', command, {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28
  })
  const log = stdout ?? ''
  const results = [...log.matchAll(RUST_RESULT)].map(([, ...counts]) => counts.map(Number))
  const [passed, failed, ignored] = [0, 1, 2].map((index) => results.reduce((sum, counts) => sum + counts[index], 0))
  const sums = {
    passed,
    // A compile error also counts as a failure.
    failed: status === 0 ? failed : Math.max(failed, 1),
    skipped: Array(ignored).fill('#[ignore] of a Rust test')
  }
  if (sums.failed > 0) console.log(`\n${log}${error ? `cargo could not be run: ${error.message}\n` : ''}`)
  const seconds = (Date.now() - begun) / 1000
  report({ file: ['cargo test', ...args].join(' '), label: '' }, { ...sums, log: '', seconds })
  return sums
}

/**
 * Runs these files and prints the result of each. Returns the sums.
 *
 * @param {Array<{ file: string, label: string, env: Record<string, string> }>} runs in this order
 * @param {number} width the number of files that run at a time
 */
async function runTests (runs, width) {
  const waiting = [...runs]
  const results = []
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await runFile(next)
      report(next, result)
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  return {
    passed: sum(results, 'passed'),
    failed: sum(results, 'failed'),
    skipped: results.flatMap(({ skipped }) => skipped)
  }
}

function runFile ({ file, env }) {
  const begun = Date.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...REPORTER, file], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT * 60 * 1000,
      killSignal: 'SIGKILL'
    })
    const output = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(data))
    child.on('error', (error) => output.push(Buffer.from(String(error))))
    child.on('close', (status, signal) => {
      const log = Buffer.concat(output).toString()
      const failed = count(log, 'fail') + count(log, 'cancelled')
      resolve({
        log,
        signal,
        passed: count(log, 'pass'),
        // A process that ends before it has reported also counts as a failure.
        failed: status === 0 ? failed : Math.max(failed, 1),
        skipped: skipped(log),
        seconds: (Date.now() - begun) / 1000
      })
    })
  })
}

function report ({ file, label }, { log, signal, passed, failed, skipped, seconds }) {
  const counts = [`${passed} passed`]
  if (failed > 0) counts.push(`${failed} FAILED${signal ? ` (${signal})` : ''}`)
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`)
  if (failed > 0) console.log(`\n${log}`)
  console.log(`${file}${label && ` (${label})`}: ${counts.join(', ')}, ${seconds.toFixed(1)} s`)
}

/** Returns the reason for each skipped test. */
function skipped (log) {
  return [...log.matchAll(/^ *ok \d+ - .*? # SKIP ?(.*)$/gm)].map(([, reason]) => reason || 'no reason given')
}

function count (log, name) {
  const lines = [...log.matchAll(new RegExp(`^# ${name} (\\d+)$`, 'gm'))]
  return lines.length > 0 ? Number(lines[lines.length - 1][1]) : 0
}

function sum (results, name) {
  return results.reduce((total, result) => total + result[name], 0)
}

/**
 * Prints the end of the output: the reasons for skipped tests, and one line of sums. Returns the exit code.
 *
 * @param {Array<{ passed: number, failed: number, skipped: string[] }>} parts
 */
function summarise (parts) {
  const [passed, failed] = ['passed', 'failed'].map((name) => sum(parts, name))
  const skipped = parts.flatMap((part) => part.skipped)
  const reasons = new Map()
  for (const reason of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  for (const [reason, times] of reasons) console.log(`skipped ${times}: ${reason}`)
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  return failed > 0 ? 1 : 0
}

module.exports = { runRustTests, runTests, summarise }
