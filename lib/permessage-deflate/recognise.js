// @ts-check
'use strict'

const { createHash } = require('node:crypto')
const { types } = require('node:util')
const zlib = require('node:zlib')

const { MEMBERS } = require('./extension')
const { checkOptions, customZlib, nativeOptions } = require('./options')

/**
 * Returns the options of an extension that the core may replace: this package's permessage-deflate or npm's, or a copy
 * made by their configure(). Returns null for other extensions, and for options that the core does not support; those
 * run unchanged. Never throws.
 *
 * @param {any} extension
 * @returns {import('../../binding').DeflateOptions | null}
 */
function recognise (extension) {
  try {
    const { base, options } = unwrap(extension)
    if (!isOurs(base) && !VERSIONS.has(fingerprint(base))) return null
    checkOptions(options)
    return customZlib(options) ? null : nativeOptions({ ...options })
  } catch {
    return null
  }
}

/**
 * Returns the SHA-1 of the source text of all functions of npm's permessage-deflate, except those of lib/common.js,
 * which are not accessible. Throws if the structure is different.
 *
 * The text distinguishes the module from a fork, a mock or a patch. It does not depend on how or how often Jest or
 * webpack has loaded the module. Minifiers, esbuild and Rollup print the code anew and change the text.
 *
 * @param {any} base
 * @returns {string}
 */
function fingerprint (base) {
  const members = membersOf(base)
  if (members.size !== NAMES.length) throw unknown('members')
  for (const name of CONSTANTS) {
    if (members.get(name) !== MEMBERS[name]) throw unknown(name)
  }
  if ('_options' in base || !isEndOfChain(parentOf(base))) throw unknown('prototype')
  const parts = FUNCTIONS.map((name) => textOf(members.get(name)))
  // Calls functions of the extension only now: their text has shown that they only create sessions.
  if (!FACTORIES.has(digest(parts))) throw unknown('factories')
  const client = base.createClientSession()
  const server = base.createServerSession([{}])
  const parent = parentOf(parentOf(client))
  if (parentOf(parentOf(server)) !== parent || !isEndOfChain(parentOf(parent))) throw unknown('sessions')
  if ('_zlib' in server && server._zlib !== zlib) throw unknown('zlib')
  for (const object of [client, server]) parts.push(Object.keys(object).sort().join())
  for (const prototype of [parentOf(client), parentOf(server), parent]) parts.push(...textsOf(prototype))
  return digest(parts)
}

/**
 * Returns the extension on which configure() was first called, and the options of the last copy.
 *
 * @param {any} extension
 */
function unwrap (extension) {
  const found = []
  let base = extension
  for (;;) {
    if (types.isProxy(base)) throw unknown('proxy')
    const own = membersOf(base)
    if (!own.has('_options')) break
    if (own.size > 1) throw unknown('members of a copy')
    found.push(own.get('_options'))
    base = parentOf(base)
  }
  const options = found[0] ?? {}
  if (types.isProxy(options)) throw unknown('proxy')
  return { base, options: Object.fromEntries(membersOf(options)) }
}

/** @param {any} base */
function isOurs (base) {
  const members = membersOf(base)
  return members.size === NAMES.length && NAMES.every((name) => members.get(name) === MEMBERS[name])
}

/**
 * Returns the names and values of own properties. Calls no getters.
 *
 * @param {any} object
 * @returns {Map<string | symbol, any>}
 */
function membersOf (object) {
  const members = new Map()
  for (const name of Reflect.ownKeys(object)) {
    const property = Reflect.getOwnPropertyDescriptor(object, name)
    if (!property || !('value' in property)) throw unknown('accessor')
    members.set(name, property.value)
  }
  return members
}

/**
 * Returns the texts of a prototype's methods, of its constructor, and of the functions of that constructor.
 *
 * @param {object} prototype
 */
function textsOf (prototype) {
  const members = membersOf(prototype)
  for (const [name, value] of membersOf(members.get('constructor'))) {
    if (typeof value === 'function' && name !== 'super_') members.set(`constructor.${String(name)}`, value)
  }
  return [...members].map(([name, value]) => String(name) + ' ' + textOf(value)).sort()
}

/**
 * Returns a digest of a function's source text. The text never changes, so it is read once.
 *
 * @param {any} value
 */
function textOf (value) {
  let text = texts.get(value)
  if (text === undefined) {
    text = digest([Function.prototype.toString.call(value).replace(/\s+/g, ' ')])
    texts.set(value, text)
  }
  return text
}

/** @type {WeakMap<Function, string>} */
const texts = new WeakMap()

/** @param {string[]} texts */
function digest (texts) {
  return createHash('sha1').update(texts.join('\n')).digest('hex')
}

/** @param {any} object */
function parentOf (object) {
  return Object.getPrototypeOf(object)
}

/**
 * Returns whether a prototype is null, or the Object.prototype of a realm.
 *
 * @param {any} prototype
 */
function isEndOfChain (prototype) {
  if (prototype === null) return true
  return parentOf(prototype) === null && Object.prototype.hasOwnProperty.call(prototype, 'isPrototypeOf')
}

/** @param {string} what */
function unknown (what) {
  return new Error(`not permessage-deflate: ${what}`)
}

const NAMES = Object.keys(MEMBERS)
const FUNCTIONS = NAMES.filter((name) => typeof MEMBERS[name] === 'function')
const CONSTANTS = NAMES.filter((name) => typeof MEMBERS[name] !== 'function')

// The digests of configure, createClientSession and createServerSession: of npm's versions below, and of
// permessage-deflate2.
const FACTORIES = new Set(['cd9dd5e507c45ad1dbb4f6c6de7d149fbdc9e27b', 'a10aa15a859c89b7e4f458b20dcaf3f230d63052'])

/**
 * The published versions that negotiate as 0.1.7 does, by the fingerprint() of their module. 0.1.2 and 0.1.3 negotiate
 * other window sizes. Later changes concern error messages, the option zlib, and old versions of Node and zlib.
 */
const VERSIONS = new Map([
  ['9188141ad5071a704ea6bdc861b368d0ae02a45c', '0.1.4'],
  ['1936f15893a000c86ffd0801d51c441456b263be', '0.1.5'],
  ['00d96b0b0782b3b5b2313f13e615e981b69d2407', '0.1.6'],
  ['d085e553e9dfd26f224609607a309193e8c45630', '0.1.7'],
  // permessage-deflate2 of Meteor: 0.1.6 with the option threshold.
  ['9d7256872edc762b5e82e117be986ac3eb37a923', '0.1.8']
])

module.exports = { VERSIONS, fingerprint, recognise }
