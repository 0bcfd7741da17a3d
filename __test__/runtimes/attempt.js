'use strict'

// Runs the probe and the quick starts in one runtime or system.

const fs = require('node:fs')
const path = require('node:path')

const { createAuthority } = require('../support/certs')
const { QUICK_STARTS, begin } = require('./programs')

/** The maximum number of printed lines of a failure. */
const LINES = 12

/** Copies the probe to a folder in which the package is installed. */
function addProbe (folder) {
  const { ca, local } = createAuthority()
  fs.copyFileSync(path.join(__dirname, 'probe.js'), path.join(folder, 'probe.js'))
  for (const [file, text] of [['ca.pem', ca], ['cert.pem', local.cert], ['key.pem', local.key]]) {
    fs.writeFileSync(path.join(folder, file), text)
  }
}

/**
 * @param {import('./programs').Place} place
 * @param {{ name: string, core: 'native' | 'wasm', without?: string[] }} row
 */
async function attemptAll (place, row) {
  const names = Object.keys(QUICK_STARTS).filter((name) => !row.without?.includes(name))
  const failures = []
  const attempt = async (name, body) => {
    try {
      return await body()
    } catch (error) {
      failures.push(`${row.name}: ${name}: ${error.message.split('\n').slice(0, LINES).join('\n')}`)
    }
  }
  const found = await attempt('connections', () => probe(place, row))
  let passed = 0
  for (const name of names) {
    await attempt(name, async () => {
      await QUICK_STARTS[name](place)
      passed++
    })
  }
  return { found, failures, passed, names }
}

async function probe (place, { core }) {
  const { code, stdout, stderr } = await begin(place, 'probe.js').finished
  if (code !== 0) throw new Error(`ended with ${code}: ${stdout}${stderr}`)
  const found = JSON.parse(stdout)
  if (found.core !== core) throw new Error(`runs with ${found.core} and not with ${core}: ${found.reason}`)
  return found
}

/** Returns the environment without variables of npm and without Rust on the PATH. */
function environment () {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|FAYE_WEBSOCKET_|NODE_)/i.test(name))
  const hasRust = (folder) => ['cargo', 'rustc'].some((name) => fs.existsSync(path.join(folder, name)))
  const folders = process.env.PATH.split(path.delimiter).filter((folder) => !hasRust(folder))
  return { ...Object.fromEntries(kept), NO_COLOR: '1', PATH: folders.join(path.delimiter) }
}

module.exports = { addProbe, attemptAll, environment }
