// @ts-check
'use strict'

// Decides which TLS connections the reactor can make exactly as Node would, and builds the configuration for them. In
// case of doubt, Node makes the connection.

const { createHash } = require('node:crypto')
const net = require('node:net')
const native = require('../native')
const { cached, chainOf, keyOf, pemOf, protocolsOf, textOf, trustedByNode } = require('./certificates')
const { IS_SUPPORTED } = require('./platform')
const { VERSIONS, tlsIsNodes } = require('./tls_defaults')

/**
 * How the reactor makes a TLS connection.
 *
 * @typedef {object} Plan
 * @property {import('../../binding').TlsConfig} config
 * @property {string} host the host that the certificate must match
 */

/**
 * Returns a plan that does what `tls.connect()` would do with these options. Returns null if only Node can do that, or
 * if Node would throw an error or print a warning.
 *
 * @param {any} options with `host`
 * @returns {Plan | null}
 */
function planOf (options) {
  if (!IS_SUPPORTED || typeof native.TlsConfig !== 'function') return null
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0' || !tlsIsNodes()) return null
  for (const name in options) {
    if (options[name] !== undefined && !TLS_OPTIONS.includes(name) && !NET_OPTIONS.includes(name)) return null
  }
  const host = options.servername || options.host
  if (typeof host !== 'string' || host.endsWith('.') || (options.servername && net.isIP(host))) return null
  try {
    const config = configOf(options)
    return config && { config, host }
  } catch {
    // Node throws a better error for the same options.
    return null
  }
}

/** @param {any} options */
function configOf (options) {
  const { rejectUnauthorized = true, minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' } = options
  if (typeof rejectUnauthorized !== 'boolean' || !VERSIONS.includes(minVersion) || !VERSIONS.includes(maxVersion)) {
    return null
  }
  const authorities = options.ca ? pemOf(options.ca) : trustedByNode()
  const protocols = protocolsOf(options.ALPNProtocols)
  const identity = [options.cert, options.key, options.passphrase].map((each) => each && textOf(each))
  if (!authorities || !protocols || !identity[0] !== !identity[1]) return null

  const facts = [rejectUnauthorized, minVersion, maxVersion, protocols, identity, authorities.name]
  // The name is a hash, because it must not contain the private key.
  const name = createHash('sha256').update(JSON.stringify(facts)).digest('base64')
  return cached(configs, name, () => {
    const chain = identity[0] ? chainOf(identity[0], authorities) : []
    const key = identity[1] && keyOf(identity[1], identity[2])
    const anchors = rejectUnauthorized ? authorities.anchors() : null
    return new native.TlsConfig(anchors, minVersion, maxVersion, protocols, chain, key)
  })
}

/** @type {Map<string, import('../../binding').TlsConfig>} */
const configs = new Map()

const TLS_OPTIONS = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized', 'minVersion', 'maxVersion',
  'ALPNProtocols']
/** The options that `tls.connect()` passes to `net.connect()`, including `host` and `port`, which come from the URL. */
const NET_OPTIONS = ['host', 'port', 'lookup', 'family', 'hints', 'localAddress', 'localPort', 'noDelay', 'keepAlive',
  'keepAliveInitialDelay', 'autoSelectFamily', 'autoSelectFamilyAttemptTimeout', 'signal', 'timeout']

module.exports = { planOf }
