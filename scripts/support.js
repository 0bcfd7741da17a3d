'use strict'

// What the scripts share: where the project is, how to run a program, how to get the npm dependencies.
// Uses nothing from node_modules, because it runs before there is one.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '..')

class Failure extends Error {
  constructor (message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Runs a program to its end, its output going where ours goes; anything but success is a Failure. */
function run (command, args, { name = command, fix = '', ...options } = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options })
  const advice = fix && '\n' + fix
  if (result.error) {
    const reason = result.error.code === 'ENOENT' ? 'was not found' : 'could not be run: ' + result.error.message
    throw new Failure(`${command} ${reason}.${advice}`)
  }
  if (result.signal) throw new Failure(`${name} was stopped by ${result.signal}.`)
  if (result.status !== 0) throw new Failure(`${name} failed with exit code ${result.status}.${advice}`, result.status)
  return result
}

/** Runs npm: the one that started us, if one did, else the one on the path. */
function npm (args, options) {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env
  if (cli && path.basename(cli) === 'npm-cli.js') {
    return run(node || process.execPath, [cli, ...args], { name: 'npm ' + args[0], ...options })
  }
  // On Windows npm is a batch file, which only a shell can start.
  return run('npm', args, { name: 'npm ' + args[0], shell: process.platform === 'win32', ...options })
}

/**
 * Installs what package-lock.json lists, unless that has been done since the file last changed.
 *
 * @param {string} [folder] that has one of its own
 */
function ensureDependencies (folder = '.') {
  // npm writes this file last, so it also tells a finished installation from a broken one.
  const installed = modified(path.join(folder, 'node_modules/.package-lock.json'))
  if (installed >= modified(path.join(folder, 'package-lock.json'))) return
  console.log(`Installing the npm dependencies (npm ci)${folder === '.' ? '' : ` of ${folder}`}`)
  npm(['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: path.join(ROOT, folder),
    fix: 'The development dependencies come from the npm registry: check the network, then run the command again.'
  })
}

function modified (file) {
  try {
    return fs.statSync(path.join(ROOT, file)).mtimeMs
  } catch {
    return -Infinity
  }
}

/** Runs a script's main function: a Failure is told in words, not as a stack trace. */
async function main (script) {
  try {
    await script(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    console.error('\n' + error.message)
    process.exitCode = error.exitCode
  }
}

module.exports = { ROOT, Failure, run, npm, ensureDependencies, main }
