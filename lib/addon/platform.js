// @ts-check
'use strict'

/** What this machine is called in the names of addons and of their packages. */

const { Buffer } = require('node:buffer')
const fs = require('node:fs')

/** Enough of an executable for its head and the name of its dynamic linker. */
const HEAD = 4096

/** As napi names it, for machines without an addon too: `linux-x64-gnu`, `darwin-arm64`, `freebsd-x64`. */
function platformName () {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

/** Whether the C library of this process is musl. */
function isMusl () {
  if (process.platform !== 'linux') return false
  // Node's report knows, but takes some milliseconds. A static Node has no linker, and may not be readable.
  const [, linker] = /\/ld-(musl|linux)[-.\w]*\0/.exec(headOfNode()) ?? []
  if (linker !== undefined) return linker === 'musl'
  const header = headOfReport()
  // Where neither can be read, as in Deno without --allow-read, glibc is likelier.
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

/** @returns {string | undefined} undefined where there is no glibc */
function glibcVersion () {
  return headOfReport()?.glibcVersionRuntime
}

/** @returns {{ glibcVersionRuntime?: string } | undefined} undefined where Node makes no report */
function headOfReport () {
  const report = /** @type {any} */ (process.report)
  if (typeof report?.getReport !== 'function') return undefined
  const { excludeNetwork } = report
  // Otherwise the report asks DNS for the names of peers.
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
