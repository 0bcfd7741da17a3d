'use strict'

// Code that the scripts share: the project's root, running programs, installing the npm dependencies. Uses nothing
// from node_modules, because it runs before they are installed.

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

/** Runs a program to its end, with our standard streams. Throws a Failure if it does not succeed. */
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

/** Runs npm: the one that started this script, or otherwise the one on the PATH. */
function npm (args, options) {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env
  if (cli && path.basename(cli) === 'npm-cli.js') {
    return run(node || process.execPath, [cli, ...args], { name: 'npm ' + args[0], ...options })
  }
  // On Windows npm is a batch file, which only a shell can start.
  return run('npm', args, { name: 'npm ' + args[0], shell: process.platform === 'win32', ...options })
}

/**
 * Installs the dependencies of package-lock.json, unless they are newer than the file.
 *
 * @param {string} [folder] a folder with a package-lock.json
 */
function ensureDependencies (folder = '.') {
  // npm writes this file last, so it exists only after a complete installation.
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

/** Runs a script's main function. Prints the message of a Failure without a stack trace. */
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
