'use strict'

// Follows docs/installation.md with every package manager: its printed commands and keys, each in its own folder, and
// a registry on loopback.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { codeBlocks } = require('../package/pages')
const { ROOT, start, temporaryFolder } = require('../package/process')
const { startRegistry } = require('./registry')

const { name: NAME, version: VERSION } = require('../../package.json')

const PAGE = 'docs/installation.md'
const MODULES = path.join(__dirname, 'node_modules')
/** Stand-ins for the originals, with their names, versions and dependencies on each other. */
const ORIGINALS = ['faye-websocket', 'websocket-driver', 'websocket', 'permessage-deflate'].map((name) => {
  const { version, dependencies } = require(`../../node_modules/${name}/package.json`)
  const own = Object.entries(dependencies).filter(([dependency]) => dependency === 'websocket-driver')
  return { name, version, main: 'index.js', dependencies: Object.fromEntries(own) }
})
const NAMES = ORIGINALS.map(({ name }) => name)
const OURS = NAMES.map((name) => name === 'faye-websocket' ? NAME : `@${NAME}/${name}`)
/** Ranges such as those of sockjs and of faye-websocket itself. */
const RANGES = {
  'faye-websocket': '^0.11.3', 'websocket-driver': '>=0.5.1', websocket: '^1.0.34', 'permessage-deflate': '^0.1.6'
}
const DEPENDENT = { name: 'dependent', version: '1.0.0', dependencies: RANGES }
const SEES = `exports.names = ${JSON.stringify(NAMES)}.map((name) => require(name + '/package.json').name)\n`

/** pnpm 11 requires Node 22.13. */
const [MAJOR, MINOR] = process.versions.node.split('.').map(Number)
const IS_NEW = MAJOR > 22 || (MAJOR === 22 && MINOR >= 13)
const NODE_22 = IS_NEW ? process.execPath : path.join(MODULES, 'node-22/bin/node')
const BUN = [...platformsOfBun(), path.join(MODULES, 'bun/bin/bun.exe')].find((file) => fs.existsSync(file))

const script = (file, node = process.execPath) => [node, path.join(MODULES, file)]
const PNPM_10 = { row: 'pnpm up to 10', command: script('pnpm-10/bin/pnpm.cjs') }
const PNPM_11 = { row: 'pnpm 11 and newer', command: script('pnpm-11/bin/pnpm.mjs', NODE_22) }
const YARN_1 = { row: 'Yarn 1', command: script('yarn-1/bin/yarn.js'), key: 'yarn/package.json' }
const YARN_4 = { command: script('@yarnpkg/cli-dist/bin/yarn.js'), key: 'yarn/package.json', ignoresNpm: true }
/** `row` is the manager's row in the tables of the page, `key` its code block there. */
const MANAGERS = [
  { row: 'npm', command: ['npm'], key: 'npm/package.json' },
  { ...PNPM_11, key: 'pnpm/pnpm-workspace.yaml', ignoresNpm: true },
  { ...PNPM_10, key: 'pnpm-10/package.json', ignoresNpm: true },
  { ...PNPM_10, also: ' with the file of pnpm 11', key: 'pnpm/pnpm-workspace.yaml' },
  { ...YARN_1, ignoresNpm: true },
  { ...YARN_4, row: 'Yarn 4', settings: 'nodeLinker: node-modules\n' },
  { ...YARN_4, row: 'Yarn 4, Plug\'n\'Play', settings: 'nodeLinker: pnp\n', node: [...YARN_4.command, 'node'] },
  { row: 'Bun', command: [BUN], key: 'npm/package.json' }
]

const APP = { name: 'app', private: true, dependencies: { dependent: '^1.0.0' } }

const folder = temporaryFolder()
const page = fs.readFileSync(path.join(ROOT, PAGE), 'utf8')
let registry

test.before(async () => {
  const sources = [...ORIGINALS.map((manifest) => [manifest, 'module.exports = {}\n']), [DEPENDENT, SEES]]
  registry = await startRegistry(folder, sources.map(([manifest, text]) => {
    return project(`sources/${manifest.name}`, { 'package.json': JSON.stringify(manifest), 'index.js': text })
  }))
})
test.after(() => registry.close())

for (const manager of MANAGERS) {
  const { row, also = '', command, key, node = [process.execPath], ignoresNpm = false } = manager
  const isThere = command.every((file) => file === 'npm' || (file !== undefined && fs.existsSync(file)))
  const skip = isThere ? false : 'not installed for this platform: see package.json in this folder'
  const print = async (cwd, expression) => (await runIn(cwd, [...node, '-p', expression])).stdout.trim()

  test(`${row}${also}: the key replaces the original in a dependency until it is removed`, { skip }, async () => {
    const cwd = project(row + also, settingsOf(manager))
    const [, keyFile] = key.split('/')
    const [, proof, back] = rowOf('after removing the key', row)
    const install = async (file, text, args = ['install']) => {
      fs.writeFileSync(path.join(cwd, 'package.json'), JSON.stringify(APP))
      if (file === 'package.json') text = JSON.stringify({ ...APP, ...JSON.parse(text) })
      fs.writeFileSync(path.join(cwd, file), text)
      await runIn(cwd, [...command, ...args])
      return (await print(cwd, 'require("dependent").names.join()')).split(',')
    }

    // Without a key, or with npm's key, which other managers ignore.
    assert.deepEqual(await install('package.json', ignoresNpm ? block('npm/package.json') : '{}'), NAMES)
    assert.deepEqual(await install(keyFile, block(key)), OURS)

    const { stdout } = await runIn(cwd, [...command, ...argsOf(proof)])
    assert.ok(stdout.includes(VERSION), stdout)
    for (const { version } of ORIGINALS) assert.ok(!stdout.includes(version), stdout)
    const names = expressionsOf('name.sh').map((expression) => print(cwd, expression.replace('sockjs', 'dependent')))
    assert.deepEqual(await Promise.all(names), OURS.slice(0, 2))

    assert.deepEqual(await install(keyFile, keyFile === 'package.json' ? '{}' : '', argsOf(back)), NAMES)
  })

  test(`${row}${also}: its key also works for a project that requires the original itself`, { skip }, async () => {
    const cwd = project(`${row}${also}, both`, settingsOf(manager))
    const [, keyFile] = key.split('/')
    const [, , back] = rowOf('after removing the key', row)
    const [replace, directlyBack] = rowOf('go back', row.startsWith('pnpm') ? 'pnpm' : row.split(',')[0])
    const app = () => JSON.parse(fs.readFileSync(path.join(cwd, 'package.json'), 'utf8'))
    const setKey = (text) => {
      const isJson = keyFile === 'package.json'
      const { overrides, resolutions, pnpm, ...rest } = isJson ? app() : {}
      const written = isJson ? JSON.stringify({ ...rest, ...JSON.parse(text || '{}') }) : text
      fs.writeFileSync(path.join(cwd, keyFile), written)
    }
    const seen = () => print(cwd, 'require("dependent").names[0]')
    const used = () => print(cwd, 'require("faye-websocket/package.json").name')
    const own = row === 'npm' || row === 'Bun' ? onlyLine(block('npm-own/package.json')) : block(key)

    const dependencies = { ...APP.dependencies, 'faye-websocket': '^0.11.4' }
    fs.writeFileSync(path.join(cwd, 'package.json'), JSON.stringify({ ...APP, dependencies }))
    await runIn(cwd, [...command, 'install'])
    setKey(own)
    await runIn(cwd, [...command, 'install'])
    await runIn(cwd, [...command, ...argsOf(replace)])
    assert.deepEqual([await seen(), await used()], [NAME, NAME])

    setKey('')
    await runIn(cwd, [...command, ...argsOf(directlyBack)])
    await runIn(cwd, [...command, ...argsOf(back)])
    assert.deepEqual([await seen(), await used()], ['faye-websocket', 'faye-websocket'])

    // The key comes after the command. Some managers then keep the original of the lock file.
    const keepsOriginal = row === 'npm' || row === 'pnpm up to 10'
    await runIn(cwd, [...command, ...argsOf(replace)])
    setKey(own)
    await runIn(cwd, [...command, 'install'])
    assert.deepEqual([await seen(), await used()], [keepsOriginal ? 'faye-websocket' : NAME, NAME])
    if (!keepsOriginal) return
    await runIn(cwd, [...command, 'update'])
    assert.equal(await seen(), NAME)
  })

  if (also) continue
  test(`${row}: the commands install this package under the original's name, and go back`, { skip }, async () => {
    const cwd = project(`${row}, directly`, settingsOf(manager))
    fs.writeFileSync(path.join(cwd, 'package.json'), JSON.stringify({ name: 'app', private: true }))
    const [replace, back] = rowOf('go back', row.startsWith('pnpm') ? 'pnpm' : row.split(',')[0])
    await runIn(cwd, [...command, ...argsOf(replace)])
    const { dependencies } = JSON.parse(fs.readFileSync(path.join(cwd, 'package.json'), 'utf8'))
    assert.match(dependencies['faye-websocket'], new RegExp(`^npm:${NAME}(@\\^${VERSION})?$`))
    assert.match(await print(cwd, expressionOf('runtime.sh')), /^(native|wasm)$/)

    await runIn(cwd, [...command, ...argsOf(back)])
    assert.equal(await print(cwd, 'require("faye-websocket/package.json").name'), 'faye-websocket')
    assert.equal(await print(cwd, expressionOf('runtime.sh')), 'undefined')
  })
}

test('the page begins with npm\'s command', () => {
  assert.equal(`\`${block('runtime.sh').split('\n')[0]}\``, rowOf('go back', 'npm')[0])
})

test('README: the commands are those of the page', () => {
  const printed = codeBlocks().filter(({ page }) => page === 'README.md').flatMap(({ text }) => text.split('\n'))
  for (const row of ['npm', 'pnpm', 'Yarn 1', 'Yarn 4', 'Bun']) {
    const [command] = rowOf('go back', row)
    assert.ok(printed.includes(command.replaceAll('`', '')), command)
  }
})

/** Creates a folder with these files. */
function project (name, files) {
  const created = path.join(folder, name)
  fs.mkdirSync(created, { recursive: true })
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(created, file), text)
  return created
}

/** Returns the settings files that name the registry. */
function settingsOf ({ settings }) {
  const { url } = registry
  if (settings === undefined) return { '.npmrc': `registry=${url}\n`, '.yarnrc': `registry "${url}"\n` }
  return {
    '.yarnrc.yml': `npmRegistryServer: ${url}\nunsafeHttpWhitelist: [127.0.0.1]\nenableTelemetry: false\n${settings}`
  }
}

/** Runs a program without the user's settings and caches, and without the variables of a CI. */
async function runIn (cwd, [command, ...args]) {
  const home = path.join(folder, 'home')
  const { PATH } = process.env
  const env = { PATH, HOME: home, XDG_CACHE_HOME: `${home}/cache`, XDG_DATA_HOME: `${home}/data`, XDG_STATE_HOME: home }
  const result = await start(command, args, { cwd, env, timeout: 120000 }).finished
  assert.equal(result.code, 0, `${command} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`)
  return result
}

/** Returns the text of a code block of the page. */
function block (name) {
  const found = codeBlocks().filter(({ page, file }) => page === PAGE && file === name)
  assert.equal(found.length, 1, name)
  return found[0].text
}

/** Returns a key of npm without its lines for other originals than faye-websocket. */
function onlyLine (text) {
  const { overrides: { 'faye-websocket': value } } = JSON.parse(text)
  return JSON.stringify({ overrides: { 'faye-websocket': value } })
}

/** Returns the expression of the first `node -p` line in a code block. */
function expressionOf (name) {
  return expressionsOf(name)[0]
}

/** Returns the expressions of all `node -p` lines in a code block. */
function expressionsOf (name) {
  return [...block(name).matchAll(/^node -p "(.*)"$/gm)].map(([, expression]) => expression)
}

/** Returns the cells of a row, without the first, in the table whose last column has this name. */
function rowOf (column, first) {
  const pattern = new RegExp(`^\\| manager \\|(?:.*\\|)? ${column} \\|\\n\\|.*\\n((?:\\|.*\\n)+)`, 'm')
  const [, table] = pattern.exec(page) ?? assert.fail(column)
  const rows = table.split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
  return rows.find(([name]) => name === first)?.slice(1) ?? assert.fail(`${first} has no row`)
}

/** Returns the arguments of the command in a cell. */
function argsOf (cell) {
  return cell.replaceAll('`', '').split(' ').slice(1)
}

/** Returns the executables of Bun that npm has installed. Bun's own script may have moved one to bun/bin. */
function platformsOfBun () {
  const scope = path.join(MODULES, '@oven')
  return fs.existsSync(scope) ? fs.readdirSync(scope).map((name) => path.join(scope, name, 'bin/bun')) : []
}
