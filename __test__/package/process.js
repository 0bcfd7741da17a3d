'use strict'

// Runs programs in child processes, as a user runs them.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../..')

/** Runs a program to its end and returns its output. Rejects if the program fails or exceeds the time limit. */
async function run (command, args, options) {
  const { finished } = start(command, args, options)
  const { code, signal, stdout, stderr } = await finished
  if (code === 0) return { stdout, stderr }
  throw new Error(`${command} ${args.join(' ')} ended with ${signal || code}\n${stdout}\n${stderr}`)
}

/** Starts a program. `finished` resolves with its exit code, signal and output. */
function start (command, args, { cwd, env = process.env, timeout = 120000, ipc = false, shell = false } = {}) {
  const stdio = ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc'] : [])]
  const child = spawn(command, args, { cwd, env, stdio, shell })
  const result = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => { result.stdout += chunk })
  child.stderr.on('data', (chunk) => { result.stderr += chunk })
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout)
  const finished = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ ...result, code, signal }))
  }).finally(() => clearTimeout(timer))
  return { child, result, finished }
}

/** Runs the npm that has started this process, if any, without its environment variables. */
function npm (args, options) {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))
  const env = Object.fromEntries(inherited)
  if (cli && path.basename(cli) === 'npm-cli.js') {
    return run(node || process.execPath, [cli, ...args], { env, ...options })
  }
  return run('npm', args, { env, shell: process.platform === 'win32', ...options })
}

/** Creates a folder that is removed when the process ends. */
function temporaryFolder () {
  // The real path, because programs see it as their folder. On macOS the temporary folder is a link.
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'faye-websocket-rs-'))
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

module.exports = { ROOT, run, start, npm, temporaryFolder }
