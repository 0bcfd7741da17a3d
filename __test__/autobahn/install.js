'use strict'

// Installs Autobahn|Testsuite, which requires Python 2.7, in its own virtual environment.

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { start } = require('./children')

const HOME = path.join(__dirname, '.venv')
const REQUIREMENTS = path.join(__dirname, 'requirements.txt')
// The last version that runs on Python 2.7 without other packages. It contains pip.
const VIRTUALENV = 'virtualenv==16.7.12'

const ATTEMPTS = 4
const ATTEMPT_LIMIT = 10 * 60 * 1000

/** Installs the testsuite if necessary, and returns the interpreter that can import autobahntestsuite. */
async function install (log) {
  const python = await findPython()
  const stamp = path.join(HOME, 'installed')
  const wanted = createHash('sha256').update(`${python}\n${VIRTUALENV}\n`).update(fs.readFileSync(REQUIREMENTS))
    .digest('hex')
  const interpreter = path.join(HOME, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  if (contents(stamp) === wanted) return interpreter

  log(`Installing Autobahn|Testsuite with ${python}`)
  fs.rmSync(HOME, { recursive: true, force: true })
  const tools = fs.mkdtempSync(path.join(os.tmpdir(), 'virtualenv-'))
  try {
    await pip(log, python, ['install', '--target', tools, VIRTUALENV])
    await python27(python, ['-m', 'virtualenv', '--no-download', HOME], { PYTHONPATH: tools })
  } finally {
    fs.rmSync(tools, { recursive: true, force: true })
  }
  // Without build isolation, pip compiles the C files of wsaccel. With it, pip would download Cython first.
  await pip(log, interpreter, ['install', '--no-deps', '--no-build-isolation', '--requirement', REQUIREMENTS])
  await python27(interpreter, ['-c', 'import autobahntestsuite, wsaccel'])
  fs.writeFileSync(stamp, wanted)
  return interpreter
}

async function findPython () {
  const candidates = [process.env.PYTHON27, ...pyenvPythons(), 'python2.7', 'python2', 'python'].filter(Boolean)
  const check = 'import sys, pip; assert sys.version_info[:2] == (2, 7); sys.stdout.write(sys.executable)'
  for (const candidate of candidates) {
    const { ok, stdout } = await run(candidate, ['-c', check])
    if (ok) return stdout
  }
  throw new Error(`Autobahn|Testsuite requires Python 2.7 with pip, and this machine has none.
Searched for: ${candidates.join(', ')}
pyenv (https://github.com/pyenv/pyenv) installs it: pyenv install 2.7.18
To use another one, set the environment variable PYTHON27 to its path.`)
}

// Returns paths, because pyenv's commands on PATH fail unless the version is also selected.
function pyenvPythons () {
  const versions = path.join(process.env.PYENV_ROOT || path.join(os.homedir(), '.pyenv'), 'versions')
  try {
    return fs.readdirSync(versions).filter(name => /^2\.7\.\d+$/.test(name))
      .map(name => path.join(versions, name, 'bin', 'python2.7'))
  } catch {
    return []
  }
}

// Repeats pip, because package indexes sometimes fail for minutes.
async function pip (log, python, args) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await python27(python, ['-m', 'pip', '--disable-pip-version-check', ...args])
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      log(`pip failed (attempt ${attempt} of ${ATTEMPTS}), trying again: ${lastLine(error.message)}`)
      await new Promise(resolve => setTimeout(resolve, 3000 * attempt))
    }
  }
}

async function python27 (python, args, env) {
  const { ok, how, stdout, stderr } = await run(python, args, env)
  if (!ok) throw new Error(`${python} ${args.join(' ')}: ${how}\n${stdout}${stderr}`)
}

async function run (command, args, env = {}) {
  const { PYTHONPATH, PYTHONHOME, ...inherited } = process.env
  const { child, ended } = start(command, args, {
    env: { ...inherited, PYTHONWARNINGS: 'ignore', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ATTEMPT_LIMIT
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', text => { output[name] += text })
  return { ...await ended, ...output }
}

function contents (file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function lastLine (text) {
  return text.trimEnd().split('\n').pop()
}

module.exports = { install }
