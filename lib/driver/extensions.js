// @ts-check
'use strict'

/**
 * Throws for what is not an extension in the sense of the websocket-extensions framework.
 *
 * @param {any} extension
 * @param {Set<string>} names the ones in use
 */
function checkExtension (extension, names) {
  const { name, type } = extension
  if (typeof name !== 'string') throw new TypeError('extension.name must be a string')
  if (type !== 'permessage') throw new TypeError('extension.type must be "permessage"')
  for (const bit of ['rsv1', 'rsv2', 'rsv3']) {
    if (typeof extension[bit] !== 'boolean') throw new TypeError(`extension.${bit} must be true or false`)
  }
  if (names.has(name)) throw new TypeError(`An extension with name "${name}" is already registered`)
}

module.exports = { checkExtension }
