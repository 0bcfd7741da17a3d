'use strict'

// The cases, and the goals of this package.

const { OURS, WEBSOCKET, FLOOR, BARE } = require('./servers')

const text = (size, load) => ({ size, ...load })
const binary = (size, load) => ({ size, binary: true, ...load })

const BROADCAST = text(125, { mode: 'broadcast', connections: 500 })
/** The goals of every server of this package in the cases of new connections; `most` is a factor of the bare server. */
const newConnections = (most) => ({
  ...Object.fromEntries([OURS, 'stream'].map((name) => [name, {
    cpu: { [BARE]: most },
    rate: { 'faye-websocket': 1, ws: 1, websocket: 1 }
  }])),
  ...Object.fromEntries([WEBSOCKET, `${WEBSOCKET}-stream`].map((name) => [name, { rate: { websocket: 1 } }]))
})
/** The goals of the interface of websocket: the least rate relative to websocket, natively and by the stream. */
const asWebsocket = (native, stream = 1) => ({
  [WEBSOCKET]: { rate: { websocket: native } },
  [`${WEBSOCKET}-stream`]: { rate: { websocket: stream } }
})

/**
 * `load` contains the arguments of the generator. `warmUp`: the seconds that a new process is warmed up before every
 * measurement of this case; without it, the processes last for all rounds.
 *
 * `goals`, by server of this package and by other server. `rate`: the least factor between the rates. `cpu`: the
 * highest factor between the processor times per message. `mainMicros` and `memory` are goals of their own kind.
 */
const CASES = [
  {
    name: 'echo-1',
    title: '125 B text echo, 1 connection',
    load: text(125, { connections: 1 }),
    goals: { [OURS]: { cpu: { [FLOOR]: 1.5 }, rate: { ws: 1.05, bun: 0.95 } }, ...asWebsocket(1) }
  },
  {
    name: 'echo-64',
    title: '125 B text echo, 64 connections',
    load: text(125, { connections: 64 }),
    goals: { [OURS]: { cpu: { [FLOOR]: 1.15 }, rate: { ws: 1.65, bun: 1 } }, ...asWebsocket(2) }
  },
  {
    name: 'echo-64-16',
    title: '125 B text echo, 64 connections, 16 in flight',
    load: text(125, { connections: 64, inFlight: 16 }),
    goals: { [OURS]: { cpu: { [FLOOR]: 1.5 }, rate: { ws: 13, bun: 1.1 } }, ...asWebsocket(10) }
  },
  {
    name: 'receive-8',
    title: '125 B text one-way receive, 8 connections',
    load: text(125, { mode: 'receive', connections: 8 }),
    goals: { [OURS]: { cpu: { 'floor-256k': 4 }, rate: { ws: 6, bun: 1.5 } }, ...asWebsocket(3) }
  },
  {
    name: 'broadcast-500',
    title: '125 B text broadcast to 500',
    load: BROADCAST,
    goals: {
      [OURS]: { cpu: { [FLOOR]: 1.15 }, rate: { ws: 1.6, bun: 1 } },
      broadcast: { cpu: { [FLOOR]: 1.05 }, rate: { bun: 1 } },
      ...asWebsocket(1)
    }
  },
  {
    name: 'broadcast-500-workers',
    title: '125 B text broadcast to 500, server on all cores',
    load: BROADCAST,
    isUnpinned: true,
    goals: asWebsocket(1),
    mainMicros: 0.4
  },
  {
    name: 'binary-1k',
    title: '1 KiB binary echo, 64 connections',
    load: binary(1024, { connections: 64 }),
    goals: { [OURS]: { cpu: { [FLOOR]: 1.3 }, rate: { ws: 1.4 } }, stream: { rate: { ws: 1 } }, ...asWebsocket(1) }
  },
  {
    name: 'binary-64k',
    title: '64 KiB binary echo, 16 connections',
    load: binary(65536, { connections: 16 }),
    goals: {
      [OURS]: { cpu: { [FLOOR]: 1.25 }, rate: { ws: 1.4, bun: 1.4 } },
      stream: { rate: { ws: 1 } },
      ...asWebsocket(2)
    }
  },
  {
    name: 'binary-1m',
    title: '1 MiB binary echo, 4 connections',
    load: binary(1048576, { connections: 4 }),
    goals: {
      [OURS]: { cpu: { [FLOOR]: 1.35 }, rate: { ws: 1.4, bun: 1.4 } },
      stream: { rate: { ws: 1 } },
      ...asWebsocket(1)
    }
  },
  {
    name: 'connect-cold',
    title: 'new connections, 32 at a time, after 1 s of warm-up',
    load: { mode: 'connect', connections: 32 },
    warmUp: 1,
    goals: newConnections(1.4)
  },
  {
    name: 'connect',
    title: 'new connections, 32 at a time, after 5 s of warm-up',
    load: { mode: 'connect', connections: 32 },
    warmUp: 5,
    goals: newConnections(1.2)
  },
  {
    name: 'tls-64',
    title: 'TLS, 125 B text echo, 64 connections',
    load: text(125, { tls: true, connections: 64 }),
    goals: {
      https: { rate: { ws: 2.5, bun: 0.9 } },
      [OURS]: { rate: { ws: 1.05 } },
      [WEBSOCKET]: { rate: { websocket: 1 } }
    }
  },
  {
    name: 'tls-64-16',
    title: 'TLS, 125 B text echo, 64 connections, 16 in flight',
    load: text(125, { tls: true, connections: 64, inFlight: 16 }),
    goals: {
      https: { rate: { ws: 4.5, bun: 0.9 } },
      [OURS]: { rate: { ws: 1.4 } },
      [WEBSOCKET]: { rate: { websocket: 1 } }
    }
  },
  {
    name: 'tls-64k',
    title: 'TLS, 64 KiB binary echo, 16 connections',
    load: binary(65536, { tls: true, connections: 16 }),
    goals: {
      https: { rate: { ws: 2, bun: 0.9 } },
      [OURS]: { rate: { ws: 1.1 } },
      [WEBSOCKET]: { rate: { websocket: 1 } }
    }
  },
  {
    name: 'tls-broadcast-500',
    title: 'TLS, 125 B text broadcast to 500',
    load: { ...BROADCAST, tls: true },
    goals: { https: { rate: { ws: 2.5, bun: 0.9 } }, [WEBSOCKET]: { rate: { websocket: 1 } } }
  },
  {
    name: 'tls-connect',
    title: 'TLS, new connections, 32 at a time, after 3 s of warm-up',
    load: { mode: 'connect', tls: true, connections: 32 },
    warmUp: 3,
    goals: { https: { rate: { ws: 3 } }, [WEBSOCKET]: { rate: { websocket: 1 } } }
  },
  {
    name: 'tls-get',
    title: 'TLS, HTTP GET, 64 connections that stay open',
    load: { mode: 'get', tls: true, connections: 64 },
    goals: { https: { rate: { [BARE]: 0.9 } } }
  }
]

/** `lessThanWs`: the least difference between the memory of ws and ours, in bytes. */
const MEMORY_CASE = { name: 'idle', title: 'memory of idle connections', load: { mode: 'idle' }, lessThanWs: 1000 }

module.exports = { CASES, MEMORY_CASE }
