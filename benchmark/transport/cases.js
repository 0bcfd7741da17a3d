'use strict'

// The compared servers, the cases, and the goals of this package.

const { existsSync } = require('node:fs')
const path = require('node:path')
const { MODULE } = require('../../scripts/wasm')

const OURS = 'faye-websocket-rs'
/** The interface of websocket. */
const WEBSOCKET = 'websocket-rs'
const FLOOR = 'floor'
/** The packages that users of an interface could choose before. The interface must never be slower. */
const RIVALS = { [OURS]: ['faye-websocket', 'ws', 'websocket'], [WEBSOCKET]: ['websocket'] }

/**
 * `script` is the name of a file in servers/. `isInstalled` returns whether the package is installed. `isFor` returns
 * whether a case can show a difference between this variant and the others.
 */
const SERVERS = [
  { name: FLOOR, title: 'floor', isFor: isPlain },
  { name: OURS, title: OURS, script: OURS },
  {
    name: 'broadcast',
    title: `${OURS}, broadcast()`,
    script: 'faye-websocket-rs-broadcast',
    isInstalled: () => typeof require('../..').broadcast === 'function',
    isFor: ({ load }) => load.mode === 'broadcast'
  },
  {
    name: 'stream',
    title: `${OURS}, stream`,
    script: OURS,
    env: { FAYE_WEBSOCKET_TRANSPORT: 'stream' },
    // This server uses the stream transport for TLS anyway.
    isFor: isPlain
  },
  {
    name: 'wasm',
    title: `${OURS}, WebAssembly`,
    script: OURS,
    env: { FAYE_WEBSOCKET_RUNTIME: 'wasm' },
    isInstalled: () => existsSync(MODULE),
    isFor: isPlain
  },
  { name: WEBSOCKET, title: `${OURS}/websocket`, script: `${OURS}-websocket` },
  {
    name: `${WEBSOCKET}-stream`,
    title: `${OURS}/websocket, stream`,
    script: `${OURS}-websocket`,
    env: { FAYE_WEBSOCKET_TRANSPORT: 'stream' },
    isFor: isPlain
  },
  { name: 'faye-websocket', title: 'faye-websocket', script: 'faye-websocket' },
  { name: 'ws', title: 'ws', script: 'ws' },
  { name: 'websocket', title: 'websocket', script: 'websocket', isInstalled: () => isInstalled('websocket') },
  { name: 'bun', title: 'Bun', program: bun, isInstalled: () => bun() !== null, isFor: isPlain }
].map((server) => ({ isInstalled: () => true, isFor: () => true, ...server }))

const text = (size, load) => ({ size, ...load })
const binary = (size, load) => ({ size, binary: true, ...load })

/**
 * `load` contains the arguments of the generator. The goals are limits. `floor`: the highest processor time per
 * message relative to the floor's. `ws`: the lowest rate relative to that of ws. `main`: the highest processor time of
 * the JavaScript thread per message, in microseconds. `websocket`: the lowest rate of the interface of websocket
 * relative to that of websocket, by default 1.
 */
const CASES = [
  {
    name: 'echo-1',
    title: '125 B text echo, 1 connection',
    load: text(125, { connections: 1 }),
    goal: { floor: 1.25, ws: 1.05 }
  },
  {
    name: 'echo-64',
    title: '125 B text echo, 64 connections',
    load: text(125, { connections: 64 }),
    goal: { floor: 1.15, ws: 1.65, websocket: 2 }
  },
  {
    name: 'echo-64-16',
    title: '125 B text echo, 64 connections, 16 in flight',
    load: text(125, { connections: 64, inFlight: 16 }),
    goal: { floor: 1.5, ws: 13, websocket: 10 }
  },
  {
    name: 'receive-8',
    title: '125 B text one-way receive, 8 connections',
    load: text(125, { mode: 'receive', connections: 8 }),
    goal: { floor: 3.3, ws: 4, websocket: 3 }
  },
  {
    name: 'broadcast-500',
    title: '125 B text broadcast to 500',
    load: text(125, { mode: 'broadcast', connections: 500 }),
    goal: { floor: 1.2, ws: 1.6 }
  },
  {
    name: 'broadcast-500-workers',
    title: '125 B text broadcast to 500, server on all cores',
    load: text(125, { mode: 'broadcast', connections: 500 }),
    isUnpinned: true,
    goal: { main: 0.6 }
  },
  {
    name: 'binary-1k',
    title: '1 KiB binary echo, 64 connections',
    load: binary(1024, { connections: 64 }),
    goal: { floor: 1.3, ws: 1.4 }
  },
  {
    name: 'binary-64k',
    title: '64 KiB binary echo, 16 connections',
    load: binary(65536, { connections: 16 }),
    goal: { floor: 1.8, ws: 1.4, websocket: 2 }
  },
  {
    name: 'binary-1m',
    title: '1 MiB binary echo, 4 connections',
    load: binary(1048576, { connections: 4 }),
    goal: { floor: 1.8, ws: 1.4 }
  },
  {
    name: 'connect',
    title: 'new connections, 32 at a time',
    load: { mode: 'connect', connections: 32 },
    goal: { ws: 1.3 }
  },
  {
    name: 'tls-64',
    title: 'TLS, 125 B text echo, 64 connections',
    load: text(125, { tls: true, connections: 64 }),
    goal: { ws: 1.05 }
  },
  {
    name: 'tls-64-16',
    title: 'TLS, 125 B text echo, 64 connections, 16 in flight',
    load: text(125, { tls: true, connections: 64, inFlight: 16 }),
    goal: { ws: 1.4 }
  },
  {
    name: 'tls-64k',
    title: 'TLS, 64 KiB binary echo, 16 connections',
    load: binary(65536, { tls: true, connections: 16 }),
    goal: { ws: 1 }
  }
]

const MEMORY_CASE = { name: 'idle', title: 'memory of idle connections' }

function isPlain ({ load }) {
  return !load.tls
}

function isInstalled (name) {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}

/** Returns the program of the package `bun`, and its script; null without the package. */
function bun () {
  try {
    const program = path.join(path.dirname(require.resolve('bun/package.json')), 'bin', 'bun.exe')
    return [program, path.join(__dirname, '..', 'servers', 'bun.js')]
  } catch {
    return null
  }
}

module.exports = { OURS, WEBSOCKET, FLOOR, RIVALS, SERVERS, CASES, MEMORY_CASE }
