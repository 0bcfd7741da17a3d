'use strict'

// The recipes of docs/bundlers.md, as a reader follows them: in a project with the packed package, with its files as
// printed and its commands in order. A comment after a command is the output of its program.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { platformName } = require('../../lib/addon/platform')
const { fillPackage, packageFolder, packageName } = require('../../scripts/packages')
const { PLATFORMS, addonName } = require('../../scripts/platform')
const { codeBlocks } = require('../package/pages')
const { ROOT, run, npm, temporaryFolder } = require('../package/process')

const PAGE = 'docs/bundlers.md'
const PLATFORM = PLATFORMS.find(({ name }) => name === platformName())
/** The command of the page that installs the package of a platform, which a test installs from its tarball. */
const PLATFORM_PACKAGE = /faye-websocket-rs-linux-x64-gnu@[\d.]+/

/**
 * Returns the recipes by heading, each with its files and commands.
 *
 * @returns {Map<string, { files: Map<string, string>, commands: Array<{ line: string, prints?: string }> }>}
 */
function recipes () {
  const text = fs.readFileSync(path.join(ROOT, PAGE), 'utf8')
  const sections = text.split(/^## /m).map((section) => [section.split('\n')[0], section])
  const blocks = codeBlocks().filter(({ page }) => page === PAGE)
  return new Map(sections.slice(1).map(([heading, section]) => {
    const here = blocks.filter(({ text }) => section.includes(text))
    const files = new Map(here.filter(({ file }) => file !== undefined).map(({ file, text }) => [file, text]))
    const lines = here.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'))
    const commands = []
    for (const line of lines) {
      if (line.startsWith('# ')) commands.at(-1).prints = line.slice(2)
      else commands.push({ line })
    }
    return [heading, { files, commands }]
  }))
}

/**
 * Creates a project that contains the packed package, the program of the page, and these programs of npm. As after an
 * installation from a registry, the addon is in the package of the platform. `tarball` is for the tarball of a
 * checkout, which contains the addon itself.
 *
 * @param {string} modules the folder node_modules with the programs
 * @param {{ tarball?: boolean }} [options]
 * @returns {Promise<string>} its folder, which is the only one in its parent folder
 */
async function project (modules, { tarball = false } = {}) {
  const folder = path.join(temporaryFolder(), 'project')
  const installed = path.join(folder, 'node_modules')
  fs.mkdirSync(installed, { recursive: true })
  for (const name of fs.readdirSync(modules)) {
    // Most programs do not install `debug` either.
    if (!name.startsWith('.') && !/^faye-websocket|^debug$/.test(name)) {
      fs.symlinkSync(path.join(modules, name), path.join(installed, name), 'junction')
    }
  }
  await npm(['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT })
  const packed = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'))
  await run('tar', ['-xzf', packed], { cwd: folder })
  const main = path.join(installed, 'faye-websocket-rs')
  fs.renameSync(path.join(folder, 'package'), main)
  if (!tarball) {
    fs.rmSync(path.join(main, addonName()))
    writePlatformPackage(path.join(installed, packageName(PLATFORM)))
  }
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  fs.writeFileSync(path.join(folder, 'app.js'), codeBlocks().find(({ file }) => file === 'app.js').text)
  return folder
}

function writePlatformPackage (folder) {
  fs.cpSync(packageFolder(PLATFORM), folder, { recursive: true })
  fillPackage(folder, PLATFORM, path.join(ROOT, addonName()))
}

/** Returns the tarball of the package of this platform. */
async function packPlatformPackage () {
  const folder = temporaryFolder()
  writePlatformPackage(path.join(folder, 'package'))
  await npm(['pack', '--pack-destination', folder], { cwd: path.join(folder, 'package') })
  return path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith('.tgz')))
}

/**
 * Follows a recipe, and compares the output of its programs.
 *
 * @param {object} recipe
 * @param {string} folder of the project
 * @param {string} modules the folder node_modules with the programs
 * @param {(prints: string, line: string) => string} [expected] returns the output, if it is not that of the page
 */
async function follow ({ files, commands }, folder, modules, expected = (prints) => prints) {
  for (const [name, text] of files) fs.writeFileSync(path.join(folder, name), text)
  assert.ok(commands.some(({ prints }) => prints))
  let cwd = folder
  for (const { line, prints } of commands) {
    if (line.startsWith('cd ')) {
      cwd = path.resolve(cwd, line.slice(3))
      continue
    }
    const { stdout, stderr } = await shell(await offline(line), cwd, modules)
    if (prints) assert.equal(stdout.trim(), expected(prints, line), line)
    // postject warns of parts of Node's executable.
    else if (!line.includes('postject')) assert.doesNotMatch(stdout + stderr, /warning/i, line)
  }
}

/** Runs a line of the page with the programs of `modules`. */
async function shell (line, cwd, modules) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_|^FAYE_WEBSOCKET_/i.test(name))
  const PATH = path.join(modules, '.bin') + path.delimiter + process.env.PATH
  const env = { ...Object.fromEntries(inherited), PATH }
  return run('sh', ['-c', line.replaceAll('npx ', '')], { cwd, env, timeout: 300000 })
}

async function offline (line) {
  return PLATFORM_PACKAGE.test(line) ? line.replace(PLATFORM_PACKAGE, await packPlatformPackage()) : line
}

module.exports = { follow, project, recipes, shell }
