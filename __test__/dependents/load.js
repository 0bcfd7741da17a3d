'use strict'

// Packages that require an original, unchanged. Behind the originals' names stand ours, installed in their place by
// `overrides` in package.json. For comparison a package can be loaded with the originals, which the whole project has
// as development dependencies. FAYE=original does that for all packages.

const Module = require('node:module')
const path = require('node:path')

const { usesOriginal } = require('../support/subject')

const ROOT = path.join(__dirname, '..', '..')
const PACKAGES = path.join(__dirname, 'node_modules') + path.sep
const ALIASES = path.join(ROOT, 'npm', 'aliases') + path.sep
const OURS = 'faye-websocket-rs'
const NAMES = ['faye-websocket', 'permessage-deflate', 'websocket', 'websocket-driver']
const fromRoot = Module.createRequire(path.join(ROOT, 'package.json'))
/** By these names, the originals. */
const ORIGINALS = new Map(NAMES.map((name) => [name, fromRoot.resolve(name)]))

/** What stands behind the names. */
const BEHIND = ['original', 'ours']

/** Both at either end. With the original alone a test shows what its users have had. */
const ENDS = BEHIND.flatMap((client) => BEHIND.map((server) => ({ client, server })))

/** What a test without two ends looks at. */
const SUBJECT = usesOriginal ? 'original' : 'ours'

/** What has been loaded, by name and by what is behind it. */
const loaded = new Map()
let behindNow = SUBJECT

const resolve = Module._resolveFilename
Module._resolveFilename = (request, parent, ...rest) => {
  // npm links the packages of aliases from the checkout, where Node does not see what they depend on.
  if (request.startsWith(OURS) && parent?.filename?.startsWith(ALIASES)) return fromRoot.resolve(request)
  const fromDependent = parent?.filename?.startsWith(PACKAGES) || parent === module
  if (behindNow === 'original' && fromDependent && ORIGINALS.has(request)) return ORIGINALS.get(request)
  return Reflect.apply(resolve, Module, [request, parent, ...rest])
}

/**
 * Loads a package, once with each.
 *
 * @param {string} name
 * @param {'original' | 'ours'} [behind] what it requires by the names of the originals
 */
function load (name, behind) {
  return loadAll([name], behind)[0]
}

/**
 * Packages that share what they require.
 *
 * @param {string[]} names
 * @param {'original' | 'ours'} [behind]
 */
function loadAll (names, behind = SUBJECT) {
  const key = `${names} on ${behind}`
  if (!loaded.has(key)) loaded.set(key, loadAnew(names, behind))
  return loaded.get(key)
}

function loadAnew (names, behind) {
  // Node's own, which some of them prefer.
  const global = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(PACKAGES)) delete require.cache[file]
  }
  behindNow = behind
  delete globalThis.WebSocket
  try {
    return names.map((name) => require(name))
  } finally {
    behindNow = SUBJECT
    if (global !== undefined) Object.defineProperty(globalThis, 'WebSocket', global)
  }
}

/** @param {'original' | 'ours'} behind */
function websocketOf (behind) {
  return load('websocket', behind)
}

module.exports = { ENDS, NAMES, ORIGINALS, PACKAGES, ROOT, SUBJECT, load, loadAll, websocketOf }
