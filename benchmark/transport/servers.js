'use strict'

// The compared servers.

const { existsSync } = require('node:fs')
const { createAuthority } = require('../../__test__/support/certs')
const { MODULE } = require('../../scripts/wasm')
const { bun } = require('../support/bun')

const OURS = 'faye-websocket-rs'
/** The interface of websocket. */
const WEBSOCKET = 'websocket-rs'
const FLOOR = 'floor'
/** Node's http.Server without a library, or its https.Server. */
const BARE = 'bare'

const PEERS = ['faye-websocket', 'ws', 'websocket']
/** The packages that users of a server of ours could choose before. It must never be slower. */
const RIVALS = {
  [OURS]: PEERS,
  stream: PEERS,
  https: PEERS,
  [WEBSOCKET]: ['websocket'],
  [`${WEBSOCKET}-stream`]: ['websocket'],
  [`${WEBSOCKET}-https`]: ['websocket']
}

const STREAM = { FAYE_WEBSOCKET_TRANSPORT: 'stream' }

/**
 * `script` is the name of a file in servers/, `args` are its arguments, and `program` and `args` are a command.
 * `obstacle` returns the reason why this machine cannot measure the server; null if it can. `isFor` returns whether a
 * case can show a difference between this variant and the others.
 */
const SERVERS = [
  { name: FLOOR, title: 'floor', program: ({ floor }) => [floor], isFor: isOfMessages },
  {
    name: 'floor-256k',
    title: 'floor, reads of 256 KiB',
    program: ({ floor }) => [floor, '--read', String(256 * 1024)],
    isFor: ({ load }) => load.mode === 'receive'
  },
  {
    name: BARE,
    title: 'bare http.Server',
    script: 'bare',
    isFor: ({ load }) => ['connect', 'idle', 'get'].includes(load.mode)
  },
  { name: OURS, title: OURS, script: OURS, isFor: isOfMessages },
  {
    name: 'broadcast',
    title: `${OURS}, broadcast()`,
    script: 'faye-websocket-rs-broadcast',
    isFor: (one) => one.load.mode === 'broadcast' && isPlain(one)
  },
  // By default, a server on Node's https.Server uses the stream transport, too.
  { name: 'stream', title: `${OURS}, stream`, script: OURS, env: STREAM, isFor: isPlain },
  {
    name: 'wasm',
    title: `${OURS}, WebAssembly`,
    script: OURS,
    env: { FAYE_WEBSOCKET_RUNTIME: 'wasm' },
    obstacle: () => existsSync(MODULE) ? null : 'not built',
    isFor: isPlain
  },
  {
    name: 'https',
    title: `${OURS}, /https`,
    script: OURS,
    args: ['--own-https'],
    obstacle: httpsObstacle,
    isFor: isTls
  },
  { name: WEBSOCKET, title: `${OURS}/websocket`, script: `${OURS}-websocket`, isFor: isOfMessages },
  {
    name: `${WEBSOCKET}-stream`,
    title: `${OURS}/websocket, stream`,
    script: `${OURS}-websocket`,
    env: STREAM,
    isFor: isPlain
  },
  {
    name: `${WEBSOCKET}-https`,
    title: `${OURS}/websocket, /https`,
    script: `${OURS}-websocket`,
    args: ['--own-https'],
    obstacle: httpsObstacle,
    isFor: (one) => isTls(one) && isOfMessages(one)
  },
  ...PEERS.map((name) => ({
    name,
    title: name,
    script: name,
    obstacle: () => isInstalled(name) ? null : 'not installed',
    isFor: isOfMessages
  })),
  {
    name: 'bun',
    title: 'Bun',
    program: bun,
    obstacle: () => bun() ? null : 'not installed',
    isFor: isOfMessages
  }
].map((server) => ({ obstacle: () => null, ...server }))

function isPlain ({ load }) {
  return !load.tls
}

function isTls ({ load }) {
  return load.tls === true
}

/** Returns whether a case is about WebSocket. */
function isOfMessages ({ load }) {
  return load.mode !== 'get'
}

function isInstalled (name) {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}

/** Returns the reason why our own `https` server cannot be measured: without the reactor it is Node's. */
function httpsObstacle () {
  let createServer
  try {
    createServer = require('faye-websocket-rs/https').createServer
  } catch (error) {
    return error.message.split('\n')[0]
  }
  const { cert, key } = createAuthority().local
  return createServer({ cert, key }).isNative ? null : 'server.isNative is not true, so this is Node\'s https.Server'
}

module.exports = { OURS, WEBSOCKET, FLOOR, BARE, RIVALS, SERVERS }
