'use strict'

// Loads unchanged packages that require an original. `overrides` in package.json installs our packages under the
// originals' names. For comparison, a package can be loaded with the originals, which are development dependencies of
// the project. FAYE=original does this for all packages.

const Module = require('node:module')
const path = require('node:path')

const { usesOriginal } = require('../support/subject')

const ROOT = path.join(__dirname, '..', '..')
const PACKAGES = path.join(__dirname, 'node_modules') + path.sep
const ALIASES = path.join(ROOT, 'npm', 'aliases') + path.sep
const OURS = 'faye-websocket-rs'
const NAMES = ['faye-websocket', 'permessage-deflate', 'websocket', 'websocket-driver']
const fromRoot = Module.createRequire(path.join(ROOT, 'package.json'))
/** The files of the originals by name. */
const ORIGINALS = new Map(NAMES.map((name) => [name, fromRoot.resolve(name)]))

/** The packages that the names can resolve to. */
const BEHIND = ['original', 'ours']

/** All combinations of both ends. With the originals at both ends, a test shows their behaviour. */
const ENDS = BEHIND.flatMap((client) => BEHIND.map((server) => ({ client, server })))

/** The package in tests without two ends. */
const SUBJECT = usesOriginal ? 'original' : 'ours'

/** The loaded packages, by their names and by the packages that they require. */
const loaded = new Map()
let behindNow = SUBJECT

const resolve = Module._resolveFilename
Module._resolveFilename = (request, parent, ...rest) => {
  // npm links the alias packages to the checkout, where Node does not find their dependencies.
  if (request.startsWith(OURS) && parent?.filename?.startsWith(ALIASES)) return fromRoot.resolve(request)
  const fromDependent = parent?.filename?.startsWith(PACKAGES) || parent === module
  if (behindNow === 'original' && fromDependent && ORIGINALS.has(request)) return ORIGINALS.get(request)
  return Reflect.apply(resolve, Module, [request, parent, ...rest])
}

/**
 * Loads a package, once with the originals and once with ours.
 *
 * @param {string} name
 * @param {'original' | 'ours'} [behind] the packages that it requires under the names of the originals
 */
function load (name, behind) {
  return loadAll([name], behind)[0]
}

/**
 * Loads packages that share their dependencies.
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
  // Some packages prefer Node's WebSocket.
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
