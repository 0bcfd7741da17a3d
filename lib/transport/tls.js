// @ts-check
'use strict'

// Which TLS connections the reactor can make just as Node would, and what it has to know for that. In every doubt, Node
// makes the connection.

const { Buffer } = require('node:buffer')
const { X509Certificate, constants, createHash, createPrivateKey, getFips } = require('node:crypto')
const net = require('node:net')
const tls = require('node:tls')
const native = require('../native')
const { IS_SUPPORTED } = require('./platform')
const { knownStarts } = require('./start')

/**
 * How the reactor makes a TLS connection.
 *
 * @typedef {object} Plan
 * @property {import('../../binding').TlsConfig} config
 * @property {string} host whose certificate is expected
 *
 * @typedef {import('../../binding').TlsAnchors} Anchors
 */

/**
 * What `tls.connect()` would do with these options, if the reactor can do that too; null if only Node can, or if Node
 * has something to say about them.
 *
 * @param {any} options with `host`
 * @returns {Plan | null}
 */
function planOf (options) {
  if (!IS_SUPPORTED || typeof native.TlsConfig !== 'function' || !nodeIsAsEver()) return null
  for (const name in options) {
    if (options[name] !== undefined && !TLS_OPTIONS.includes(name) && !NET_OPTIONS.includes(name)) return null
  }
  const host = options.servername || options.host
  if (typeof host !== 'string' || host.endsWith('.') || (options.servername && net.isIP(host))) return null
  try {
    const config = configOf(options)
    return config && { config, host }
  } catch {
    // Node has a better word for it.
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
  // Keys are no names.
  const name = createHash('sha256').update(JSON.stringify(facts)).digest('base64')
  return remembered(configs, name, () => {
    const chain = identity[0] ? chainOf(identity[0], authorities) : []
    const key = identity[1] && keyOf(identity[1], identity[2])
    const anchors = rejectUnauthorized ? authorities.anchors() : null
    return new native.TlsConfig(anchors, minVersion, maxVersion, protocols, chain, key)
  })
}

/**
 * Certificates of authorities, by a name that says which.
 *
 * @typedef {object} Authorities
 * @property {string} name
 * @property {() => Buffer[]} certificates
 * @property {() => Anchors} anchors
 */

/**
 * @param {string} name
 * @param {() => string[]} read PEM
 * @returns {Authorities}
 */
function authorities (name, read) {
  const certificates = () => read().flatMap(certificatesIn)
  return {
    name,
    certificates,
    anchors: () => remembered(anchors, name, () => new native.TlsAnchors(certificates()))
  }
}

/** @param {any} ca */
function pemOf (ca) {
  const texts = [ca].flat().map(textOf)
  const name = createHash('sha256').update(JSON.stringify(texts)).digest('base64')
  return authorities(name, () => texts)
}

/** Null if only Node knows: a Node that does not list what it trusts has read files of its own at its start. */
function trustedByNode () {
  const lists = 'getCACertificates' in tls
  if (!lists && (process.env.NODE_EXTRA_CA_CERTS !== undefined || USES_STORE_OF_OPENSSL)) return null
  const certificates = lists ? /** @type {any} */ (tls).getCACertificates('default') : tls.rootCertificates
  // Programs may replace it: it is another array then.
  if (certificates !== nodesCertificates) {
    nodesCertificates = certificates
    anchors.clear()
    configs.clear()
  }
  return authorities('', () => certificates)
}

/**
 * OpenSSL completes a lonely certificate by those of authorities that it knows.
 *
 * @param {string} pem
 * @param {Authorities} authorities
 */
function chainOf (pem, authorities) {
  const chain = certificatesIn(pem)
  if (chain.length !== 1) return chain
  const known = authorities.certificates().map((der) => new X509Certificate(der))
  for (let last = new X509Certificate(chain[0]); last.issuer !== last.subject && chain.length < LONGEST_CHAIN;) {
    const issuer = known.find((each) => last.checkIssued(each))
    if (!issuer) break
    chain.push(issuer.raw)
    last = issuer
  }
  return chain
}

/**
 * @param {string} key
 * @param {string | undefined} passphrase
 */
function keyOf (key, passphrase) {
  return createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'der' })
}

/**
 * @param {string} pem
 * @returns {Buffer[]} DER
 */
function certificatesIn (pem) {
  return Array.from(pem.matchAll(CERTIFICATE), ([, body]) => Buffer.from(body, 'base64'))
}

/**
 * @param {any} protocols
 * @returns {Buffer[] | null}
 */
function protocolsOf (protocols) {
  if (!protocols) return []
  const converted = { ALPNProtocols: Buffer.alloc(0) }
  // Long documented, and never typed.
  const { convertALPNProtocols } = /** @type {any} */ (tls)
  convertALPNProtocols(protocols, converted)
  const result = []
  for (let rest = converted.ALPNProtocols; rest.length > 0; rest = rest.subarray(1 + rest[0])) {
    if (rest[0] === 0 || rest.length < 1 + rest[0]) return null
    result.push(Buffer.from(rest.subarray(1, 1 + rest[0])))
  }
  return result
}

/** @param {any} value */
function textOf (value) {
  const text = Buffer.isBuffer(value) ? value.toString('latin1') : value
  if (typeof text !== 'string' || text.includes(TRUSTED)) throw new TypeError('Only PEM is understood')
  return text
}

/** Whether Node's TLS defaults are unchanged. */
function nodeIsAsEver () {
  return HAS_NO_FLAGS && !getFips() && process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0' &&
    AS_LOADED.every(({ name, value }) => /** @type {any} */ (tls)[name] === value) &&
    tls.DEFAULT_MIN_VERSION === 'TLSv1.2' && tls.DEFAULT_MAX_VERSION === 'TLSv1.3' &&
    tls.DEFAULT_CIPHERS === constants.defaultCoreCipherList && tls.DEFAULT_ECDH_CURVE === 'auto'
}

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {string} name
 * @param {() => T} make
 * @returns {T}
 */
function remembered (map, name, make) {
  const value = map.get(name) ?? make()
  // The one that was used last is the last to be forgotten.
  map.delete(name)
  map.set(name, value)
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value ?? '')
  return value
}

/** @type {Map<string, Anchors>} */
const anchors = new Map()
/** @type {Map<string, import('../../binding').TlsConfig>} */
const configs = new Map()
/** @type {any} */
let nodesCertificates

const TLS_OPTIONS = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized', 'minVersion', 'maxVersion',
  'ALPNProtocols']
/** What `tls.connect()` hands on to `net.connect()`, and `host` and `port`, which are those of the URL. */
const NET_OPTIONS = ['host', 'port', 'lookup', 'family', 'hints', 'localAddress', 'localPort', 'noDelay', 'keepAlive',
  'keepAliveInitialDelay', 'autoSelectFamily', 'autoSelectFamilyAttemptTimeout', 'signal', 'timeout']
const VERSIONS = ['TLSv1.2', 'TLSv1.3']
const CERTIFICATE = /-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----/g
/** With rules of its own about what it is good for. */
const TRUSTED = 'BEGIN TRUSTED CERTIFICATE'
const MAX_REMEMBERED = 32
const LONGEST_CHAIN = 10
/** Others show in the defaults of `tls`. Node's test runner gives many, with the values that they have anyway. */
const FLAGS = new RegExp('--(use-(openssl|system)-ca|tls-keylog|openssl-|trace-tls|(enable|force)-fips|' +
  'experimental-(default-)?config-file)')
/** A worker may have been given other flags and variables, but those of its process count. */
const HAS_NO_FLAGS = IS_SUPPORTED && (knownStarts()?.every(({ flags, environment }) =>
  ![...flags, environment.NODE_OPTIONS || ''].some((text) => FLAGS.test(text.replace(/_/g, '-'))) &&
  !environment.OPENSSL_CONF && environment.NODE_USE_SYSTEM_CA !== '1') ?? false)
/** As Debian builds Node: `tls.rootCertificates` are not what it trusts. */
const USES_STORE_OF_OPENSSL = Boolean(/** @type {any} */ (process.config.target_defaults)?.defines
  ?.includes('NODE_OPENSSL_CERT_STORE'))
/** Programs replace these to see or change what connections do. By what only Node's own say, in every version. */
const MEMBERS = {
  connect: 'normalizeConnectArgs(args)',
  createSecureContext: 'configSecureContext(c.context, options',
  checkServerIdentity: 'splitEscapedAltNames(altNames)',
  TLSSocket: 'this._securePending = false'
}
const AS_LOADED = Object.entries(MEMBERS).map(([name, phrase]) => ({ name, value: nodes(tls, name, phrase) }))

/**
 * A method that looks as in Node's sources, or nothing that it could ever equal.
 *
 * @param {any} object
 * @param {string} name
 * @param {string} phrase
 */
function nodes (object, name, phrase) {
  const value = object[name]
  if (typeof value !== 'function') return NaN
  const text = Function.prototype.toString.call(value)
  return text.startsWith(`function ${name}(`) && text.includes(phrase) ? value : NaN
}

module.exports = { nodes, planOf }
