'use strict'

// npm run generate writes THIRD-PARTY-NOTICES.txt: the licences of the crates that are linked into the addon.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, run } = require('./support')
const { PLATFORMS } = require('./platform')

const FILE = path.join(ROOT, 'THIRD-PARTY-NOTICES.txt')
const LICENCE_FILE = /^(licen[cs]e|copying|unlicense|notice)/i

function writeNotices () {
  const crates = linkedCrates()
  const texts = new Map()
  for (const crate of crates) {
    for (const text of licenceTexts(crate)) texts.set(text, [...(texts.get(text) || []), crate.name])
  }
  const list = crates.map(({ name, version, license }) => `${name} ${version}: ${license}`)
  const sections = [...texts].map(([text, names]) => `${'='.repeat(80)}\n${names.join(', ')}\n\n${text}`)
  fs.writeFileSync(FILE, [
    'The compiled addons contain these crates. Their licences follow, each text once.\n',
    list.join('\n') + '\n',
    ...sections
  ].join('\n'))
}

/** Returns the crates that are linked into the addon of any platform, without those that run at compile time. */
function linkedCrates () {
  const { stdout: tree } = run('cargo', ['tree', '--locked', '-p', 'faye-websocket-binding',
    '-e', 'normal,no-proc-macro', ...PLATFORMS.flatMap(({ target }) => ['--target', target]),
    '--prefix', 'none', '--format', '{p}'],
  { name: 'cargo tree', stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
  const linked = new Set()
  for (const line of tree.split('\n')) {
    const [name, version] = line.split(' ')
    if (name && !line.includes('(/')) linked.add(name + ' ' + version.slice(1))
  }
  const { stdout: metadata } = run('cargo', ['metadata', '--locked', '--format-version', '1'],
    { name: 'cargo metadata', stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28 })
  return JSON.parse(metadata).packages
    .filter(({ name, version }) => linked.has(name + ' ' + version))
    .sort((one, other) => one.name < other.name ? -1 : 1)
}

function licenceTexts ({ manifest_path: manifest }) {
  const directory = path.dirname(manifest)
  return fs.readdirSync(directory)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
    .map((file) => path.join(directory, file))
    .filter((file) => fs.statSync(file).isFile())
    .map((file) => fs.readFileSync(file, 'utf8').replace(/\r\n/g, '\n').trim() + '\n')
}

module.exports = { writeNotices }
