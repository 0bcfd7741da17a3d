// @ts-check
'use strict'

const { endpoint, parseProxyUrl } = require('../http/url')

/**
 * Returns how a client reaches its server, according to its options. Throws for options that exclude each other. The
 * messages contain no values, because those may contain a password.
 *
 * @param {any} options
 * @param {import('../http/url').Target} target
 * @returns {import('../transport/dial').DialOptions}
 */
function dialOptionsOf (options, { name, endpoint: server }) {
  const { agent, createConnection } = options
  if (agent && typeof agent.addRequest !== 'function') {
    throw new TypeError(`Invalid agent: a value of type ${typeof agent}; expected an http.Agent`)
  }
  if (createConnection && typeof createConnection !== 'function') {
    throw new TypeError(`Invalid createConnection: a value of type ${typeof createConnection}; expected a function`)
  }
  const proxy = proxyOf(options.proxy)
  const given = Object.entries({ proxy, agent, createConnection }).filter(([, value]) => value).map(([each]) => each)
  if (given.length > 1) throw new TypeError(`The options ${given.join(' and ')} exclude each other`)
  if (server.path && proxy) throw new Error(`${name} cannot be reached through a proxy`)
  if (server.path && agent) throw new Error(`${name} cannot be reached through an agent`)
  if (agent && !server.secure && agent.protocol === 'https:') {
    throw new TypeError(`Invalid agent: its protocol is https:, but ${name} is not secure`)
  }
  return {
    isStream: options.transport === 'stream',
    net: options.net,
    tls: options.tls,
    ca: options.ca,
    proxy,
    agent: agent || null,
    createConnection: createConnection || null
  }
}

/** @param {any} given */
function proxyOf (given) {
  if (!given) return null
  if (typeof given !== 'object') throw new TypeError(`Invalid proxy: a ${typeof given}; expected { origin }`)
  const { origin, headers, tls } = given
  if (!origin) return null
  const url = parseProxyUrl(origin)
  return { url, endpoint: endpoint(url), headers, tls }
}

module.exports = { dialOptionsOf }
