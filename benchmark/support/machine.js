'use strict'

// The machine and the software of a run, on which the figures depend.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { ROOT } = require('../../scripts/support')
const { canPin } = require('./process')

/** @param {string[]} packages packages whose versions the page names */
function describe (packages) {
  const cpus = os.cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    pinned: canPin(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadAverage: os.loadavg()[0],
    node: process.version,
    versions: Object.fromEntries([
      ['faye-websocket-rs', ownVersion()],
      ...packages.map((name) => [name, versionOf(name)]).filter(([, version]) => version)
    ])
  }
}

function ownVersion () {
  const { version } = require('../../package.json')
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' })
  return status === 0 ? `${version} (${stdout.trim()})` : version
}

// Some packages do not let other packages require their package.json.
function versionOf (name) {
  for (const directory of require.resolve.paths(name)) {
    const file = path.join(directory, name, 'package.json')
    if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8')).version
  }
}

/**
 * @param {{ command: string, machine: ReturnType<typeof describe> }} run
 * @param {string} [whenPinned] the text if processes can be pinned
 */
function toMarkdown ({ command, machine }, whenPinned = 'both sides pinned to one core each') {
  const { date, cpu, cores, pinned, system, loadAverage, node, versions } = machine
  const pinning = pinned ? whenPinned : 'nothing pinned'
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `- ${date}, ${cpu}, ${cores} cores, ${pinning}; ${system}; load average before the run ${loadAverage.toFixed(2)}`,
    `- Node ${node.slice(1)}; ${packages.join(', ')}`,
    `- \`${command}\``
  ].join('\n')
}

module.exports = { describe, toMarkdown }
