// @ts-check
'use strict'

const SEPARATORS = '()<>@,;:\\"/[]?={} \t'

/**
 * Returns the first character that a token must not contain (RFC 2616 section 2.2); undefined if there is none.
 * Subprotocols are tokens.
 *
 * @param {string} text
 */
function illegalCharacter (text) {
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (character < '\x21' || character > '\x7e' || SEPARATORS.includes(character)) return character
  }
}

module.exports = { illegalCharacter }
