'use strict'

// The folder that cross toolchains are fetched into, and what fetches: apt, without installing anything.
// Each part is a folder of its own that appears under its name when it is complete, so a part that is there is ready.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('../support')

/** Another folder than the checkout's, for several checkouts or a cache of a CI service. */
const VARIABLE = 'FAYE_WEBSOCKET_CROSS'
const CACHE = path.resolve(process.env[VARIABLE] || path.join(ROOT, 'target', 'cross'))

/**
 * Returns the folder of a part, made the first time.
 *
 * @param {string} name with the version
 * @param {(folder: string, final: string) => void} fill gets an empty folder, and the path it will have
 */
function cached (name, fill) {
  const final = path.join(CACHE, name)
  if (fs.existsSync(final)) return final
  console.error(`Fetching ${name} into ${CACHE}`)
  fs.mkdirSync(CACHE, { recursive: true })
  const folder = fs.mkdtempSync(path.join(CACHE, 'part-'))
  try {
    fs.chmodSync(folder, 0o755)
    fill(folder, final)
    publish(folder, final)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
  return final
}

/** @param {string} name of a part */
function isCached (name) {
  return fs.existsSync(path.join(CACHE, name))
}

/** Two processes may fetch the same part: the second finds the name taken and leaves it so. */
function publish (folder, final) {
  try {
    fs.renameSync(folder, final)
  } catch (error) {
    if (!fs.existsSync(final)) throw error
  }
}

/** @param {string} file of the cache that is a program */
function writeProgram (file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text, { mode: 0o755 })
}

module.exports = { CACHE, VARIABLE, cached, isCached, writeProgram }
