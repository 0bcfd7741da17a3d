'use strict'

// Debian's packages, unpacked into a folder. Nothing is installed, so no privileges are needed. apt uses separate
// lists and a separate configuration, and the machine's mirror, so the machine must run Debian.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, run } = require('../support')
const { CACHE } = require('./cache')
const { DEBIAN } = require('./versions')

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'
const ARCHITECTURES = ['amd64', 'arm64']
/** The age at which lists may name packages that the mirror has already replaced. */
const STALE_MS = 12 * 60 * 60 * 1000

/**
 * @param {string[]} packages names as apt-get accepts them
 * @param {string} folder
 * @param {string} [release]
 */
function unpackPackages (packages, folder, release = DEBIAN) {
  const downloads = fs.mkdtempSync(path.join(CACHE, 'debs-'))
  try {
    apt(['download', '--quiet=2', ...packages], downloads, release)
    for (const file of fs.readdirSync(downloads)) {
      run('dpkg', ['-x', path.join(downloads, file), folder])
    }
  } finally {
    fs.rmSync(downloads, { recursive: true, force: true })
  }
}

function apt (args, cwd, release) {
  run('apt-get', [...options(lists(release)), ...args], {
    name: 'apt-get ' + args[0],
    fix: 'Debian\'s packages come from the mirror of this machine: check the network, then run the command again.',
    cwd,
    stdio: ['ignore', 'ignore', 'inherit']
  })
}

function lists (release) {
  const folder = path.join(CACHE, `apt-${release}`)
  const done = path.join(folder, 'done')
  if (Date.now() - modified(done) < STALE_MS) return folder
  fs.mkdirSync(path.join(folder, 'lists', 'partial'), { recursive: true })
  fs.writeFileSync(path.join(folder, 'sources.list'), sources(release))
  run('apt-get', [...options(folder), '--quiet=2', 'update'], { name: 'apt-get update', stdio: ['ignore', 2, 2] })
  fs.writeFileSync(done, '')
  return folder
}

function options (folder) {
  return [
    `Dir::Etc::sourcelist=${folder}/sources.list`, 'Dir::Etc::sourceparts=-', `Dir::State::lists=${folder}/lists`,
    'Dir::Cache::pkgcache=', 'Dir::Cache::srcpkgcache=', 'APT::Sandbox::User=', 'Acquire::Languages=none',
    ...ARCHITECTURES.map((name) => `APT::Architectures::=${name}`)
  ].flatMap((option) => ['-o', option])
}

function sources (release) {
  const repositories = machineRepositories()
  const archive = repositories.find((uri) => /\/debian\/?$/.test(uri))
  const security = repositories.find((uri) => /\/debian-security\/?$/.test(uri))
  if (!archive || !security) {
    throw new Failure('apt on this machine has no mirror of Debian, from which to download a compiler. Install the ' +
      'standard library of the target with rustup instead: rustup target add <target>')
  }
  const from = `deb [signed-by=${KEYS}]`
  return `${from} ${archive} ${release} main\n${from} ${security} ${release}-security main\n`
}

function machineRepositories () {
  const { stdout } = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8'
  })
  return stdout.split('\n')
}

function modified (file) {
  return fs.existsSync(file) ? fs.statSync(file).mtimeMs : -Infinity
}

module.exports = { unpackPackages }
