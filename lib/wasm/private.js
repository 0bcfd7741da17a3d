// @ts-check
'use strict'

/** What constructors need that programs cannot call. */
const PRIVATE = Symbol('private')

/** @param {symbol} key what a constructor was given first */
function isPrivate (key) {
  if (key !== PRIVATE) throw new Error('Class contains no `constructor`, can not new it!')
}

module.exports = { PRIVATE, isPrivate }
