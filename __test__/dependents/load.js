'use strict'

// Packages that require `websocket`, unchanged, with that package or with ours behind the name.

const Module = require('node:module')
const path = require('node:path')

const PACKAGES = path.join(__dirname, 'node_modules') + path.sep

/** What stands behind the name. */
const WEBSOCKETS = { websocket: require.resolve('websocket'), ours: require.resolve('../../lib/websocket') }

/** Both at either end. With `websocket` alone a test shows what its users have had. */
const ENDS = Object.keys(WEBSOCKETS).flatMap((client) => Object.keys(WEBSOCKETS).map((server) => ({ client, server })))

/** What has been loaded, by name and by what is behind it. */
const loaded = new Map()

/**
 * Loads a package, once with each.
 *
 * @param {string} name
 * @param {'websocket' | 'ours'} behind what it requires as `websocket`
 */
function load (name, behind) {
  const key = `${name} on ${behind}`
  if (!loaded.has(key)) loaded.set(key, loadAnew(name, behind))
  return loaded.get(key)
}

function loadAnew (name, behind) {
  const resolve = Module._resolveFilename
  // Node's own, which some of them prefer.
  const global = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(PACKAGES)) delete require.cache[file]
  }
  Module._resolveFilename = (request, ...rest) => {
    return request === 'websocket' ? WEBSOCKETS[behind] : Reflect.apply(resolve, Module, [request, ...rest])
  }
  delete globalThis.WebSocket
  try {
    return require(name)
  } finally {
    Module._resolveFilename = resolve
    if (global !== undefined) Object.defineProperty(globalThis, 'WebSocket', global)
  }
}

/** @param {'websocket' | 'ours'} name */
function websocketOf (name) {
  return require(WEBSOCKETS[name])
}

module.exports = { ENDS, load, websocketOf }
