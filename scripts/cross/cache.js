'use strict'

// The folder for downloaded cross toolchains. Each part is a folder that gets its final name only when it is
// complete, so a part that exists is ready. Nothing is installed on the system.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('../support')

/** Names a folder outside of the checkout, for several checkouts or the cache of a CI service. */
const VARIABLE = 'FAYE_WEBSOCKET_CROSS'
const CACHE = path.resolve(process.env[VARIABLE] || path.join(ROOT, 'target', 'cross'))

/**
 * Returns the folder of a part, and fills it the first time.
 *
 * @param {string} name the name with the version
 * @param {(folder: string, final: string) => void} fill receives an empty folder, and its final path
 */
function cached (name, fill) {
  const final = path.join(CACHE, name)
  if (fs.existsSync(final)) return final
  console.error(`Downloading ${name} into ${CACHE}`)
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

/** @param {string} name the name of a part */
function isCached (name) {
  return fs.existsSync(path.join(CACHE, name))
}

/** Renames a complete part. If another process has stored the same part first, that one stays. */
function publish (folder, final) {
  try {
    fs.renameSync(folder, final)
  } catch (error) {
    if (!fs.existsSync(final)) throw error
  }
}

/** @param {string} file the path of a program in the cache */
function writeProgram (file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text, { mode: 0o755 })
}

module.exports = { CACHE, VARIABLE, cached, isCached, writeProgram }
