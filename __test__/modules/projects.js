'use strict'

// Compiles and runs projects of users with versions of TypeScript and their settings.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { ROOT, run, start, temporaryFolder } = require('../package/process')

const ANY_PORT = path.join(ROOT, '__test__/package/any-port.js')
const EXAMPLES = path.join(ROOT, '__test__/types')
const PROGRAMS = path.join(__dirname, 'programs')
const STRICT = { target: 'es2020', strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true }
const OTHERS = /\/(node-types-\d+|@types|undici-types)\//

const NAMED = {
  isClass: true,
  isWebSocket: false,
  sent: 0,
  runtime: true,
  functions: Array(11).fill('function').join(),
  version: 'hybi-13',
  extension: 'permessage-deflate',
  original: '1.0.35',
  warnings: false,
  platform: true
}
const REQUIRED = {
  isClass: true, version: 'hybi-13', extension: 'permessage-deflate', original: '1.0.35', isSame: true
}
const printed = {
  'named.ts': JSON.stringify(NAMED) + '\n',
  'required.ts': JSON.stringify(REQUIRED) + '\n',
  'example.mts': 'client: message Hello\nclient: close 1000 \n',
  'example.ts': 'client: message HELLO\nserver: close 1000 bye\n'
}

/** Versions of TypeScript, each with a version of @types/node that it can parse. */
const VERSIONS = [
  ['5.0', 18], ['5.2', 18], ['5.4', 18], ['5.6', 20], ['5.8', 20], ['5.9', 20], ['6.0', 26], ['7.0', 26]
].map(([typescript, node]) => ({ typescript, node, number: Number(typescript) }))

/**
 * @typedef {object} Setting
 * @property {string} name
 * @property {(number: number) => boolean} [isFor] returns whether a version supports the setting
 * @property {object} [options] of the compiler; by default those of `tsc --init`
 * @property {Record<string, string>} files sources by their names in the project
 * @property {string} [type] of the project's package.json
 */

/** @type {Setting[]} */
const SETTINGS = [
  {
    name: 'tsc --init, which makes CommonJS',
    isFor: (number) => number < 5.9,
    files: {
      'named.ts': 'named.ts', 'required.ts': 'required.ts', 'modern.ts': 'example.mts', 'example.ts': 'example.ts'
    }
  },
  {
    name: 'tsc --init, which is nodenext',
    isFor: (number) => number >= 5.9,
    files: {
      'named.mts': 'named.ts', 'required.cts': 'required.ts', 'example.mts': 'example.mts', 'example.ts': 'example.ts'
    }
  },
  {
    name: 'node10',
    isFor: (number) => number < 6,
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
    files: { 'named.ts': 'named.ts', 'required.ts': 'required.ts' }
  },
  {
    name: 'node10 without esModuleInterop',
    isFor: (number) => number < 6,
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: false },
    files: { 'named.ts': 'named.ts', 'required.ts': 'required.ts' }
  },
  {
    name: 'node16',
    options: { module: 'node16', types: [] },
    files: { 'named.mts': 'named.ts', 'named.cts': 'named.ts', 'required.cts': 'required.ts' }
  },
  {
    name: 'nodenext in a package of type module',
    options: { module: 'nodenext', types: [] },
    type: 'module',
    files: { 'named.ts': 'named.ts', 'required.cts': 'required.ts' }
  },
  {
    name: 'bundler',
    options: { module: 'esnext', moduleResolution: 'bundler', types: [] },
    type: 'module',
    files: { 'named.ts': 'named.ts' }
  }
]

/** Checks that a project compiles under strict and that its programs print the expected text. */
async function compilesAndRuns ({ typescript, node }, { options, files, type = 'commonjs' }) {
  const folder = project(node, files, type)
  const tsc = compiler(typescript)
  if (options) {
    const config = { compilerOptions: { ...STRICT, ...options } }
    fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  } else {
    await run(process.execPath, [tsc, '--init'], { cwd: folder })
  }
  const { stdout } = await start(process.execPath, [tsc, '-p', '.', '--outDir', 'out', '--pretty', 'false'], {
    cwd: folder
  }).finished
  assert.deepEqual(complaints(stdout), [])
  for (const [name, source] of Object.entries(files)) {
    const program = path.join('out', name.replace(/ts$/, 'js'))
    const preload = source.startsWith('example') ? ['-r', ANY_PORT] : []
    const env = { ...process.env, PRINTED_PORT: '8000' }
    const outcome = await run(process.execPath, [...preload, program], { cwd: folder, env })
    assert.equal(ordered(outcome.stdout), ordered(printed[source]), name)
  }
}

function project (node, files, type) {
  const folder = temporaryFolder()
  link(folder, 'faye-websocket', ROOT)
  link(folder, 'faye-websocket-rs', ROOT)
  link(folder, '@types/node', node === 20
    ? path.dirname(require.resolve('@types/node/package.json'))
    : path.join(__dirname, 'node_modules', `node-types-${node}`))
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, type }))
  for (const [name, source] of Object.entries(files)) {
    const from = [PROGRAMS, EXAMPLES].find((directory) => fs.existsSync(path.join(directory, source)))
    fs.copyFileSync(path.join(from, source), path.join(folder, name))
  }
  return folder
}

function link (folder, name, target) {
  const file = path.join(folder, 'node_modules', name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.symlinkSync(target, file, 'junction')
}

function compiler (version) {
  if (version === '5.9') return require.resolve('typescript/lib/tsc.js')
  return path.join(__dirname, 'node_modules', `typescript-${version}`, 'lib/tsc.js')
}

/** Returns the errors of TypeScript, except those in declarations that are not ours. */
function complaints (output) {
  return output.split('\n').filter((line) => /error TS/.test(line) && !OTHERS.test(line))
}

/** Sorts the lines, because two ends print in any order. */
function ordered (text) {
  return text.split('\n').sort().join('\n')
}

module.exports = { SETTINGS, VERSIONS, compilesAndRuns }
