'use strict'

// Creates folders for another system: one with the packed packages installed, and one with the same files where tests
// expect them in a checkout.

const fs = require('node:fs')
const path = require('node:path')

const { platformName } = require('../../lib/addon/platform')
const { packageName } = require('../../scripts/packages')
const { testFiles } = require('../../scripts/test_files')
const { ROOT, npm } = require('../package/process')
const { addProbe } = require('../runtimes/attempt')

const NAME = 'faye-websocket-rs'
/** Some tests of every interface. */
const SHARE = [
  'http/', 'websocket-driver/', 'faye/binary', 'faye/broadcast', 'faye/client-request', 'faye/closing',
  'faye/deflate-negotiation', 'faye/frames', 'faye/receipts', 'faye/server-handshake', 'websocket/closing',
  'websocket/deflate', 'websocket/sending'
].map((name) => `__test__/${name}`)
/** Node under qemu or a loader cannot start another Node. */
const STARTS_CHILDREN = /node:child_process|support\/(child|programs)'|NAPI_RS/
/** The packages that the tests require. */
const REQUIRED = [
  'faye-websocket', 'permessage-deflate', 'permessage-deflate2', 'websocket', 'websocket-driver', 'ws',
  '@sinonjs/fake-timers'
]

/**
 * Creates a project with the packages. The main package is installed under both of its names.
 *
 * @param {string} folder
 * @param {import('../../scripts/platform').Platform} platform
 * @param {string[]} tarballs
 */
async function installInto (folder, platform, tarballs) {
  const find = (name) => tarballs.find((file) => new RegExp(`^${name}-\\d`).test(path.basename(file)))
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "commonjs" }\n')
  // npm would refuse the package of another platform.
  const force = platform.name === platformName() ? [] : ['--force']
  const packages = ['faye-websocket', NAME].map((name) => `${name}@file:${find(NAME)}`)
  await npm(['install', '--offline', '--no-audit', '--no-fund', '--cache', path.join(folder, '.npm'),
    ...force, ...packages, `${packageName(platform)}@file:${find(packageName(platform))}`], { cwd: folder })
  addProbe(folder)
}

/**
 * @param {string} app the folder with the installed packages
 * @param {string} suite the folder for the tests
 * @param {import('../../scripts/platform').Platform} platform
 * @returns {string[]} the test files
 */
function stageTests (app, suite, platform) {
  const copy = (from, to) => fs.cpSync(from, path.join(suite, to), { recursive: true })
  copy(path.join(app, 'node_modules', NAME), '.')
  copy(path.join(app, 'node_modules', packageName(platform)), `node_modules/${packageName(platform)}`)
  fs.cpSync(path.join(ROOT, '__test__'), path.join(suite, '__test__'), {
    recursive: true,
    filter: (file) => !file.includes(`${path.sep}node_modules`)
  })
  for (const name of withDependencies(REQUIRED)) copy(path.join(ROOT, 'node_modules', name), `node_modules/${name}`)
  return testFiles(SHARE).filter((file) => !STARTS_CHILDREN.test(fs.readFileSync(path.join(ROOT, file), 'utf8')))
}

/** Adds the dependencies that npm has installed at the top. */
function withDependencies (names) {
  const all = [...names]
  for (const name of all) {
    const manifest = fs.readFileSync(path.join(ROOT, 'node_modules', name, 'package.json'), 'utf8')
    for (const dependency of Object.keys(JSON.parse(manifest).dependencies ?? {})) {
      const isAtTop = fs.existsSync(path.join(ROOT, 'node_modules', dependency))
      if (isAtTop && !all.includes(dependency)) all.push(dependency)
    }
  }
  return all
}

module.exports = { installInto, stageTests }
