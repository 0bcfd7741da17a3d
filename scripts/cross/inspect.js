'use strict'

// What a finished addon must be: small, without paths of the machine that built it, and for glibc content with an old
// one.

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
 * @returns {{ size: number, floor: string }} the floor in words
 */
function inspectAddon (file, { name, os: system, libc }, { quick = false } = {}) {
  const { size } = fs.statSync(file)
  if (size > MAX_SIZE && !quick) throw new Failure(`The addon for ${name} has ${size} bytes, more than 3 MiB.`)
  mustNameNoPath(file)
  if (libc !== 'glibc') return { size, floor: { darwin: 'macOS 11', win32: 'Windows 10' }[system] ?? 'musl' }
  return { size, floor: `glibc ${glibcFloor(file)}` }
}

/** Panics name source files, and linkers note where objects lay. */
function mustNameNoPath (file) {
  const bytes = fs.readFileSync(file)
  const found = [ROOT, os.homedir()].filter((folder) => folder.length > 1 && bytes.includes(folder + path.sep))
  if (found.length > 0) throw new Failure(`${file} contains paths of this machine: ${found.join(', ')}`)
}

/** The loader refuses a library of which one symbol has a version that its glibc does not have. */
function glibcFloor (file) {
  const { stdout } = run('objdump', ['-T', file], {
    stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', fix: 'It comes with binutils.'
  })
  const versions = [...new Set([...stdout.matchAll(/\(?GLIBC_([\d.]+)\)?/g)].map(([, version]) => version))]
  const newest = versions.sort(compareVersions).at(-1)
  if (newest === undefined) throw new Failure(`${file} names no version of glibc.`)
  if (compareVersions(newest, GLIBC) > 0) throw new Failure(`${file} needs glibc ${newest}, not ${GLIBC}.`)
  return newest
}

function compareVersions (one, other) {
  return one.localeCompare(other, 'en', { numeric: true })
}

module.exports = { inspectAddon }
