// @ts-check
'use strict'

// Decides which TLS connections the reactor can make exactly as Node would, and builds the configuration for them. In
// case of doubt, Node makes the connection.

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
 * @property {string} host the host that the certificate must match
 *
 * @typedef {import('../../binding').TlsAnchors} Anchors
 */

/**
 * Returns a plan that does what `tls.connect()` would do with these options. Returns null if only Node can do that, or
 * if Node would throw an error or print a warning.
 *
 * @param {any} options with `host`
 * @returns {Plan | null}
 */
function planOf (options) {
  if (!IS_SUPPORTED || typeof native.TlsConfig !== 'function' || !isNodeUnmodified()) return null
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

/**
 * A set of certificates of authorities, with a name that identifies the set.
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
    anchors: () => cached(anchors, name, () => new native.TlsAnchors(certificates()))
  }
}

/** @param {any} ca */
function pemOf (ca) {
  const texts = [ca].flat().map(textOf)
  const name = createHash('sha256').update(JSON.stringify(texts)).digest('base64')
  return authorities(name, () => texts)
}

/**
 * Returns the authorities that Node trusts, or null if only Node knows them: a version that cannot list them may have
 * read additional files at its start.
 */
function trustedByNode () {
  const lists = 'getCACertificates' in tls
  if (!lists && (process.env.NODE_EXTRA_CA_CERTS !== undefined || USES_STORE_OF_OPENSSL)) return null
  const certificates = lists ? /** @type {any} */ (tls).getCACertificates('default') : tls.rootCertificates
  // A program that replaces the default certificates creates another array.
  if (certificates !== nodesCertificates) {
    nodesCertificates = certificates
    anchors.clear()
    configs.clear()
  }
  return authorities('', () => certificates)
}

/**
 * Returns the chain of certificates. Completes a single certificate with known authorities, as OpenSSL does.
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
  // Documented by Node, but missing in its types.
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
  if (typeof text !== 'string' || text.includes(TRUSTED)) throw new TypeError('Unsupported format; expected PEM')
  return text
}

/** Returns whether Node's TLS defaults are unchanged. */
function isNodeUnmodified () {
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
function cached (map, name, make) {
  const value = map.get(name) ?? make()
  // Moves the entry to the end of the map: the least recently used entry leaves the map first.
  map.delete(name)
  map.set(name, value)
  if (map.size > MAX_CACHED) map.delete(map.keys().next().value ?? '')
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
/** The options that `tls.connect()` passes to `net.connect()`, including `host` and `port`, which come from the URL. */
const NET_OPTIONS = ['host', 'port', 'lookup', 'family', 'hints', 'localAddress', 'localPort', 'noDelay', 'keepAlive',
  'keepAliveInitialDelay', 'autoSelectFamily', 'autoSelectFamilyAttemptTimeout', 'signal', 'timeout']
const VERSIONS = ['TLSv1.2', 'TLSv1.3']
const CERTIFICATE = /-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----/g
/** A format with additional rules about the purposes of the certificate. */
const TRUSTED = 'BEGIN TRUSTED CERTIFICATE'
const MAX_CACHED = 32
const LONGEST_CHAIN = 10
/**
 * The flags of Node that change TLS, except those that change the defaults in `tls`. Other flags are allowed, because
 * Node's test runner passes many, with their default values.
 */
const FLAGS = new RegExp('--(use-(openssl|system)-ca|tls-keylog|openssl-|trace-tls|(enable|force)-fips|' +
  'experimental-(default-)?config-file)')
/** Whether Node was started without such flags and variables. In a worker, those of the process count as well. */
const HAS_NO_FLAGS = IS_SUPPORTED && (knownStarts()?.every(({ flags, environment }) =>
  ![...flags, environment.NODE_OPTIONS || ''].some((text) => FLAGS.test(text.replace(/_/g, '-'))) &&
  !environment.OPENSSL_CONF && environment.NODE_USE_SYSTEM_CA !== '1') ?? false)
/** Whether Node trusts the store of OpenSSL instead of `tls.rootCertificates`, as Debian builds it. */
const USES_STORE_OF_OPENSSL = Boolean(/** @type {any} */ (process.config.target_defaults)?.defines
  ?.includes('NODE_OPENSSL_CERT_STORE'))
/**
 * The members of `tls` that programs replace to observe or change connections. Each has a phrase that occurs in the
 * source text of Node's own member, in every version.
 */
const MEMBERS = {
  connect: 'normalizeConnectArgs(args)',
  createSecureContext: 'configSecureContext(c.context, options',
  checkServerIdentity: 'splitEscapedAltNames(altNames)',
  TLSSocket: 'this._securePending = false'
}
const AS_LOADED = Object.entries(MEMBERS).map(([name, phrase]) => ({ name, value: nodesMethod(tls, name, phrase) }))

/**
 * Returns a method if its source text is Node's, otherwise NaN, which is equal to nothing.
 *
 * @param {any} object
 * @param {string} name
 * @param {string} phrase
 */
function nodesMethod (object, name, phrase) {
  const value = object[name]
  if (typeof value !== 'function') return NaN
  const text = Function.prototype.toString.call(value)
  return text.startsWith(`function ${name}(`) && text.includes(phrase) ? value : NaN
}

module.exports = { nodesMethod, planOf }
