'use strict'

/**
 * Returns the anchor of a heading, as GitHub makes it. The site of docs/ uses the same function, so links work in
 * both places.
 *
 * @param {string} heading
 */
function slug (heading) {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')
}

module.exports = { slug }
