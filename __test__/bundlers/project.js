'use strict'

// The recipes of docs/bundlers.md, as a reader follows them: in a project with the packed package, its files as printed
// and its commands one after the other. A comment behind a command is what that prints.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { codeBlocks } = require('../package/pages')
const { ROOT, run, npm, temporaryFolder } = require('../package/process')

const PAGE = 'docs/bundlers.md'

/**
 * The recipes by heading, each with its files and commands.
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
 * A project that has the packed package, the program of the page, and these programs of npm.
 *
 * @param {string} modules the node_modules that has them
 */
async function project (modules) {
  const folder = temporaryFolder()
  const installed = path.join(folder, 'node_modules')
  fs.mkdirSync(installed)
  for (const name of fs.readdirSync(modules)) {
    if (!name.startsWith('.') && !/^faye-websocket/.test(name)) {
      fs.symlinkSync(path.join(modules, name), path.join(installed, name), 'junction')
    }
  }
  await npm(['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT })
  const tarball = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'))
  await run('tar', ['-xzf', tarball], { cwd: folder })
  fs.renameSync(path.join(folder, 'package'), path.join(installed, 'faye-websocket-rs'))
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  fs.writeFileSync(path.join(folder, 'app.js'), codeBlocks().find(({ file }) => file === 'app.js').text)
  return folder
}

/** Follows a recipe, and compares what its programs print. */
async function follow ({ files, commands }, folder, modules) {
  for (const [name, text] of files) fs.writeFileSync(path.join(folder, name), text)
  assert.ok(commands.some(({ prints }) => prints))
  const PATH = path.join(modules, '.bin') + path.delimiter + process.env.PATH
  for (const { line, prints } of commands) {
    const { stdout, stderr } = await run('sh', ['-c', line.replaceAll('npx ', '')], {
      cwd: folder, env: { ...process.env, PATH, FAYE_WEBSOCKET_RUNTIME: '' }, timeout: 300000
    })
    if (prints) assert.equal(stdout.trim(), prints, line)
    // postject warns of what is in Node's executable.
    else if (!line.includes('postject')) assert.doesNotMatch(stdout + stderr, /warning/i, line)
  }
}

module.exports = { follow, project, recipes }
