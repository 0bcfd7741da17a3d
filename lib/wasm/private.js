// @ts-check
'use strict'

/** The first argument of constructors that programs must not call. */
const PRIVATE = Symbol('private')

/**
 * Throws the error of napi-rs if a program has called such a constructor.
 *
 * @param {symbol} key
 */
function mustBePrivate (key) {
  if (key !== PRIVATE) throw new Error('Class contains no `constructor`, can not new it!')
}

module.exports = { PRIVATE, mustBePrivate }
