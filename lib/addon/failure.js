// @ts-check
'use strict'

/** Explains why the addon did not load: with a reason and advice for people, and a code for programs. */

const { glibcVersion } = require('./platform')
const { VERSION } = require('./version')

/**
 * @typedef {object} Failure
 * @property {string} code
 * @property {string} reason a sentence without full stop
 * @property {string} advice a sentence without full stop
 *
 * @typedef {object} Addon the exports of index.js or of bundled.js
 * @property {any} binding
 * @property {any[]} errors
 * @property {boolean} isBundle
 * @property {boolean} isPrebuilt whether there is a package for this platform
 * @property {string} name of this platform
 */

const INSTALL = 'Install faye-websocket-rs again on the platform that runs it, with its optional dependencies; ' +
  'in a checkout, run "npm run build"'

/**
 * @param {Addon} addon
 * @returns {Failure}
 */
function failureOf ({ name, isBundle, isPrebuilt, errors }) {
  const error = errors.find((error) => !isMissing(error))
  if (error !== undefined) return failureToLoad(name, error)
  const code = 'ERR_FAYE_WEBSOCKET_NO_BINARY'
  if (!isPrebuilt) {
    return {
      code,
      reason: `There is no addon for ${name}`,
      advice: 'Build it with Rust: run "npm run build" in a checkout'
    }
  }
  if (isBundle) {
    return {
      code,
      reason: `The package faye-websocket-rs-${name} is in no node_modules folder beside or above the bundle`,
      advice: installBeside(name)
    }
  }
  return { code, reason: `The addon for ${name} is not installed`, advice: INSTALL }
}

/** @param {string} name */
function installBeside (name) {
  return `Run "npm install faye-websocket-rs-${name}@${VERSION}" in the folder of the bundle`
}

/** @param {any} error */
function isMissing (error) {
  // In executables of Bun, the error has no code. In ES modules of ncc, `require` is missing, too.
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(error?.code) ||
    /^(Cannot require module |require is not defined)/.test(error?.message)
}

/**
 * @param {string} name
 * @param {any} error
 * @returns {Failure}
 */
function failureToLoad (name, error) {
  const message = String(error?.message ?? error)
  const [, needed] = /version [`'"]GLIBC_([\d.]+)'? not found/.exec(message) ?? []
  if (needed !== undefined) {
    return {
      code: 'ERR_FAYE_WEBSOCKET_GLIBC',
      reason: `The addon for ${name} requires glibc ${needed}, ` +
        `but this system has glibc ${glibcVersion() ?? 'unknown'}`,
      advice: 'Use a newer system or container image'
    }
  }
  if (process.versions.deno !== undefined && /^(NotCapable|PermissionDenied)$/.test(error?.name)) {
    return {
      code: 'ERR_FAYE_WEBSOCKET_DENO',
      reason: 'This Deno process may not load addons',
      advice: 'Run deno with --allow-ffi and --allow-read'
    }
  }
  const code = 'ERR_FAYE_WEBSOCKET_ADDONS_DISABLED'
  if (error?.permission === 'FileSystemRead') {
    const advice = 'Start node with --allow-fs-read for the folder of faye-websocket-rs, and with --allow-addons'
    return { code, reason: 'This process may not read the addon', advice }
  }
  if (error?.code === 'ERR_DLOPEN_DISABLED' || error?.code === 'ERR_ACCESS_DENIED') {
    const isRestricted = /** @type {any} */ (process).permission !== undefined
    const advice = `Start node ${isRestricted ? 'with --allow-addons' : 'without --no-addons'}`
    return { code, reason: 'This process may not load addons', advice }
  }
  if (error?.code === 'ERR_FAYE_WEBSOCKET_OTHER_VERSION') {
    return { code: error.code, reason: message, advice: installBeside(name) }
  }
  return {
    code: 'ERR_FAYE_WEBSOCKET_BAD_BINARY',
    reason: `The addon for ${name} does not load: ${message.split('\n')[0]}`,
    advice: `The file is broken, or for another platform. ${INSTALL}`
  }
}

module.exports = { failureOf }
