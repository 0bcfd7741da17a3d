'use strict'

const { spawn } = require('node:child_process')

const { subjectPath } = require('./subject')

const SUPPORT = require.resolve('./peer')

/**
 * Runs `script(WebSocket, support, process.argv[1])` in a new process. The process receives the text of `script`, which
 * can use only its parameters and `require`. `limits` are arguments of the shell's `ulimit`.
 */
function runChild (scope, script, options = {}) {
  const { path = subjectPath, argument = '', timeout = 15000, flags = [], limits, env } = options
  const code = `(${script})(require(${JSON.stringify(path)}), require(${JSON.stringify(SUPPORT)}), process.argv[1])`
  const command = [process.execPath, ...flags, '-e', code, '--', String(argument)]
  if (limits) command.unshift('/bin/sh', '-c', `ulimit ${limits} && exec "$@"`, 'sh')
  const child = spawn(command[0], command.slice(1), {
    cwd: __dirname,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe']
  })
  const result = { child, stdout: '', stderr: '', code: null, signal: null }
  child.stdout.on('data', (chunk) => { result.stdout += chunk })
  child.stderr.on('data', (chunk) => { result.stderr += chunk })
  const timer = globalThis.setTimeout(() => child.kill('SIGKILL'), timeout)
  scope.defer(() => child.kill('SIGKILL'))
  result.finished = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      globalThis.clearTimeout(timer)
      Object.assign(result, { code, signal })
      resolve(result)
    })
  })
  return result
}

module.exports = { runChild }
