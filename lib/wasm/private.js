// @ts-check
'use strict'

/** What a constructor is given first if programs cannot call it. */
const PRIVATE = Symbol('private')

/**
 * Throws what napi-rs throws where a program calls such a constructor.
 *
 * @param {symbol} key
 */
function mustBePrivate (key) {
  if (key !== PRIVATE) throw new Error('Class contains no `constructor`, can not new it!')
}

module.exports = { PRIVATE, mustBePrivate }
