'use strict'

// The platforms that have an addon package, and the name of this machine's addon. lib/addon/index.js requires each by
// name.

const { isMusl, platformName } = require('../lib/addon/platform')

const BINARY_NAME = 'faye-websocket'

/**
 * The platforms, with napi's names. `target` is Rust's name.
 *
 * @typedef {{ name: string, os: NodeJS.Platform, cpu: string, libc?: string, target: string }} Platform
 * @type {Platform[]}
 */
const PLATFORMS = [
  { name: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc', target: 'x86_64-unknown-linux-gnu' },
  { name: 'linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl', target: 'x86_64-unknown-linux-musl' },
  { name: 'linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc', target: 'aarch64-unknown-linux-gnu' },
  { name: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl', target: 'aarch64-unknown-linux-musl' },
  { name: 'win32-x64-msvc', os: 'win32', cpu: 'x64', target: 'x86_64-pc-windows-msvc' },
  { name: 'win32-arm64-msvc', os: 'win32', cpu: 'arm64', target: 'aarch64-pc-windows-msvc' },
  { name: 'darwin-x64', os: 'darwin', cpu: 'x64', target: 'x86_64-apple-darwin' },
  { name: 'darwin-arm64', os: 'darwin', cpu: 'arm64', target: 'aarch64-apple-darwin' }
]

/** Returns the file name of an addon. On other platforms, an addon can only be one that was built locally. */
function addonName (platform = platformName()) {
  const isListed = PLATFORMS.some(({ name }) => name === platform)
  return `${BINARY_NAME}.${isListed ? platform : 'local'}.node`
}

module.exports = { PLATFORMS, addonName, isMusl }
