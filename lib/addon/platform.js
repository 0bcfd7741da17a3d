// @ts-check
'use strict'

/** The name of this platform, as addons and their packages use it. */

const { Buffer } = require('node:buffer')
const fs = require('node:fs')

/** The bytes at the start of an executable that contain the name of its dynamic linker. */
const HEAD = 4096

/** Returns the name that napi uses, also for platforms without an addon: `linux-x64-gnu`, `freebsd-x64`. */
function platformName () {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

/** Returns whether the C library of this process is musl. */
function isMusl () {
  if (process.platform !== 'linux') return false
  // Reads the executable first, because Node's report takes some milliseconds. The report is needed if the executable
  // is static or cannot be read.
  const [, linker] = /\/ld-(musl|linux)[-.\w]*\0/.exec(headOfNode()) ?? []
  if (linker !== undefined) return linker === 'musl'
  const header = headOfReport()
  // If neither is available, as in Deno without --allow-read, glibc is more likely.
  return header !== undefined && header.glibcVersionRuntime === undefined
}

function headOfNode () {
  const buffer = Buffer.alloc(HEAD)
  let file
  try {
    file = fs.openSync(process.execPath, 'r')
    fs.readSync(file, buffer, 0, HEAD, 0)
  } catch {
    return ''
  } finally {
    if (file !== undefined) fs.closeSync(file)
  }
  return buffer.toString('latin1')
}

/** @returns {string | undefined} undefined without glibc */
function glibcVersion () {
  return headOfReport()?.glibcVersionRuntime
}

/** @returns {{ glibcVersionRuntime?: string } | undefined} undefined if no report is available */
function headOfReport () {
  const report = /** @type {any} */ (process.report)
  if (typeof report?.getReport !== 'function') return undefined
  const { excludeNetwork } = report
  // Without this, the report looks up the names of peers in DNS.
  report.excludeNetwork = true
  try {
    return report.getReport().header
  } catch {
    return undefined
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

module.exports = { glibcVersion, isMusl, platformName }
