// @ts-check
'use strict'

/** Why the addon did not load: in words that say what to do, and as a code for programs. */

const { glibcVersion } = require('./platform')

/**
 * @typedef {object} Failure
 * @property {string} code
 * @property {string} reason a sentence without its full stop
 * @property {string} advice likewise
 *
 * @typedef {object} Attempt
 * @property {string} name of this platform
 * @property {boolean} isPrebuilt whether there is a package for it
 * @property {any[]} errors
 */

const INSTALL = 'Install faye-websocket-rs on the platform that runs it, and do not omit optional dependencies; ' +
  'in a checkout, run "npm run build"'

/**
 * @param {Attempt} attempt
 * @returns {Failure}
 */
function failureOf ({ name, isPrebuilt, errors }) {
  const error = errors.find((error) => !isMissing(error))
  if (error !== undefined) return failureToLoad(name, error)
  return {
    code: 'ERR_FAYE_WEBSOCKET_NO_BINARY',
    reason: isPrebuilt ? `The addon for ${name} is not installed` : `There is no addon for ${name}`,
    advice: isPrebuilt ? INSTALL : 'Build it with Rust, by "npm run build" in a checkout'
  }
}

/** @param {any} error */
function isMissing (error) {
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(error?.code)
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
      reason: `The addon for ${name} needs glibc ${needed}, and here is glibc ${glibcVersion() ?? 'unknown'}`,
      advice: 'Use a newer system or container image'
    }
  }
  if (process.versions.deno !== undefined && /^(NotCapable|PermissionDenied)$/.test(error?.name)) {
    return {
      code: 'ERR_FAYE_WEBSOCKET_DENO',
      reason: 'Deno may not load addons here',
      advice: 'Run deno with --allow-ffi'
    }
  }
  if (error?.code === 'ERR_DLOPEN_DISABLED' || error?.code === 'ERR_ACCESS_DENIED') {
    return {
      code: 'ERR_FAYE_WEBSOCKET_ADDONS_DISABLED',
      reason: 'This process may not load addons',
      advice: 'Start node without --no-addons and, under --permission, with --allow-addons'
    }
  }
  return {
    code: 'ERR_FAYE_WEBSOCKET_BAD_BINARY',
    reason: `The addon for ${name} does not load: ${message.split('\n')[0]}`,
    advice: INSTALL
  }
}

module.exports = { failureOf }
