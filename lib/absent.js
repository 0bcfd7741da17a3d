// @ts-check
'use strict'

const { NAME } = require('./scheduling')

/**
 * Returns a replacement for a constructor or function of an original that this package does not have. Calling it throws
 * an Error that names the alternative. Requiring its file does not throw.
 *
 * @param {string} file
 * @param {string} alternative
 * @returns {(...args: any[]) => never}
 */
function absent (file, alternative) {
  return function () {
    throw new Error(`${file} has no counterpart in ${NAME}: ${alternative}`)
  }
}

module.exports = { absent }
