'use strict'

// The compared clients, the cases, and the goals of this package.

const OURS = 'faye-websocket-rs'
/** The interface of websocket. */
const WEBSOCKET = 'faye-websocket-rs-websocket'

/**
 * `name` is the name of a script in clients/. `obstacle` returns the reason why this machine cannot measure the client;
 * null if it can.
 */
const CLIENTS = [
  { name: OURS },
  { name: `${OURS}-stream`, title: `${OURS}, stream` },
  { name: WEBSOCKET, title: `${OURS}/websocket` },
  { name: `${WEBSOCKET}-stream`, title: `${OURS}/websocket, stream` },
  { name: 'faye-websocket' },
  { name: 'ws' },
  { name: 'websocket' },
  { name: 'undici', obstacle: () => obstacleOf('undici') }
].map((client) => ({ title: client.name, obstacle: () => null, ...client }))

const CONNECTIONS = [1, 16, 64]
const SIZES = [
  { label: '125 B text', size: 125, slug: 'text' },
  { label: '4 KiB binary', size: 4096, binary: true, slug: 'binary-4k' },
  { label: '64 KiB binary', size: 65536, binary: true, slug: 'binary-64k' }
]
/** Cases with many messages in flight exist only for goals. */
const LOADS = SIZES.flatMap((size) => CONNECTIONS.map((connections) => ({ ...size, connections, inFlight: 1 })))
LOADS.splice(CONNECTIONS.length, 0, { ...SIZES[0], connections: 64, inFlight: 16 })

/** `goals`, by client: the least factor between our rate and the rate of that client. */
const CASES = [false, true].flatMap((tls) => LOADS.map(({ label, slug, ...load }) => {
  const { connections, inFlight } = load
  const many = inFlight > 1 ? `, ${inFlight} in flight` : ''
  return {
    name: `${tls ? 'tls-' : ''}${slug}-${connections}${inFlight > 1 ? `-${inFlight}` : ''}`,
    title: `${tls ? 'TLS, ' : ''}${label}, ${connections} connection${connections > 1 ? 's' : ''}${many}`,
    load: { binary: false, ...load, tls },
    goals: { [OURS]: goalOf(load, tls), [WEBSOCKET]: { websocket: websocketGoalOf(load, tls) } }
  }
}))

function goalOf ({ size, connections, inFlight }, tls) {
  if (size === 125) {
    if (inFlight > 1) return { ws: tls ? 4 : 8 }
    return connections === 64 ? { ws: tls ? 1.3 : 1.6 } : {}
  }
  return size === 4096 ? { undici: 4 } : { ws: tls ? 1.2 : 1.5, undici: 4 }
}

function websocketGoalOf ({ size, connections, inFlight }, tls) {
  if (tls || connections < 64) return 1
  if (size === 125) return inFlight > 1 ? 10 : 2
  return size === 65536 ? 2 : 1
}

/** Returns the reason why a package cannot be loaded, in one line; null if it can. */
function obstacleOf (name) {
  try {
    require(name)
    return null
  } catch (error) {
    return `does not load on Node ${process.versions.node}: ${error.message.split('\n')[0]}`
  }
}

module.exports = { OURS, WEBSOCKET, CLIENTS, CASES }
