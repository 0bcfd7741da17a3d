// @ts-check
'use strict'

/**
 * Replaces index.js in a bundle, through "#addon" in package.json. Bundlers fail at `.node` files unless they are
 * configured, so a bundle contains none. This module resolves the package of the platform from the location of the
 * bundle. Bundlers do not follow `load`; tracers follow it if the names are literal.
 */

const { createRequire } = require('node:module')
const { platformName } = require('./platform')
const { VERSION } = require('./version')

const name = platformName()
/** @type {any[]} */
const errors = []
/** @type {any} */
let binding

try {
  // A bundle in the format of ES modules has no __filename.
  const load = createRequire(typeof __filename === 'string' ? __filename : process.argv[1] ?? process.execPath)
  checkVersion(load(`faye-websocket-rs-${name}/package.json`).version)
  switch (name) {
    case 'linux-x64-gnu': binding = load('faye-websocket-rs-linux-x64-gnu'); break
    case 'linux-x64-musl': binding = load('faye-websocket-rs-linux-x64-musl'); break
    case 'linux-arm64-gnu': binding = load('faye-websocket-rs-linux-arm64-gnu'); break
    case 'linux-arm64-musl': binding = load('faye-websocket-rs-linux-arm64-musl'); break
    case 'win32-x64-msvc': binding = load('faye-websocket-rs-win32-x64-msvc'); break
    case 'win32-arm64-msvc': binding = load('faye-websocket-rs-win32-arm64-msvc'); break
    case 'darwin-x64': binding = load('faye-websocket-rs-darwin-x64'); break
    case 'darwin-arm64': binding = load('faye-websocket-rs-darwin-arm64'); break
  }
} catch (error) {
  errors.push(error)
}

/**
 * Throws if the package has another version than the bundle, because it may come from another installation.
 *
 * @param {string} version
 */
function checkVersion (version) {
  if (version === VERSION) return
  const message = `The package faye-websocket-rs-${name} beside or above the bundle has version ${version}, ` +
    `but the bundle contains faye-websocket-rs ${VERSION}`
  throw Object.assign(new Error(message), { code: 'ERR_FAYE_WEBSOCKET_OTHER_VERSION' })
}

module.exports = { binding, errors, isBundle: true, isPrebuilt: true, name }
