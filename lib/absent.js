// @ts-check
'use strict'

const { NAME } = require('./scheduling')

/**
 * Takes the place of a constructor or a function in a file of an original where we have none: using it throws an Error
 * that says what to use instead. Requiring the file does not throw.
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
