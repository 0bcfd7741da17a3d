'use strict'

// Checks a finished addon: it must be small, contain no paths of the machine that built it, and need no glibc newer
// than ours.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, Failure, run } = require('../support')
const { GLIBC } = require('./addon')

const MIB = 1 << 20
const MAX_SIZE = 3 * MIB

/**
 * @param {string} file
 * @param {import('../platform').Platform} platform
 * @param {{ quick?: boolean }} [options]
 * @returns {{ size: number, floor: string }} floor: the oldest system that it runs on
 */
function inspectAddon (file, { name, os: system, libc }, { quick = false } = {}) {
  const { size } = fs.statSync(file)
  if (size > MAX_SIZE && !quick) throw new Failure(`The addon for ${name} has ${size} bytes; the limit is 3 MiB.`)
  mustNameNoPath(file)
  if (libc !== 'glibc') return { size, floor: { darwin: 'macOS 11', win32: 'Windows 10' }[system] ?? 'musl' }
  return { size, floor: `glibc ${glibcFloor(file)}` }
}

/** Checks for paths. Panics name source files, and linkers may store the paths of objects. */
function mustNameNoPath (file) {
  const bytes = fs.readFileSync(file)
  const found = [ROOT, os.homedir()].filter((folder) => folder.length > 1 && bytes.includes(folder + path.sep))
  if (found.length > 0) throw new Failure(`${file} contains paths of this machine: ${found.join(', ')}`)
}

/** Returns the newest version of glibc that a symbol requires. The loader refuses a library if its glibc lacks one. */
function glibcFloor (file) {
  const { stdout } = run('objdump', ['-T', file], {
    stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', fix: 'Install binutils, which provides it.'
  })
  const versions = [...new Set([...stdout.matchAll(/\(?GLIBC_([\d.]+)\)?/g)].map(([, version]) => version))]
  const newest = versions.sort(compareVersions).at(-1)
  if (newest === undefined) throw new Failure(`${file} names no version of glibc.`)
  if (compareVersions(newest, GLIBC) > 0) {
    throw new Failure(`${file} requires glibc ${newest}; expected ${GLIBC} or older.`)
  }
  return newest
}

function compareVersions (one, other) {
  return one.localeCompare(other, 'en', { numeric: true })
}

module.exports = { inspectAddon }
