// @ts-check
'use strict'

// Decides which options of TLS servers the reactor follows exactly as Node would, and builds the configuration for
// them. In case of doubt, Node accepts the connections.

const { Buffer } = require('node:buffer')
const { X509Certificate, createPrivateKey } = require('node:crypto')
const native = require('../native')
const { reasonOf } = require('../reason')
const { certificatesIn, chainOf, pemOf, protocolsOf, subjectOf, textOf, trustedByNode } = require('./certificates')
const { UNSUPPORTED } = require('./platform')
const { VERSIONS, changeOfTls } = require('./tls_defaults')

/**
 * The converted options of `tls.createSecureContext()`.
 *
 * @typedef {object} Context
 * @property {string | undefined} minVersion
 * @property {string | undefined} maxVersion
 * @property {Array<{ chain: Buffer[], key: Buffer }>} identities
 * @property {Buffer[]} own the certificates of the option `ca`, which a server names to its clients
 * @property {() => Buffer[] | null} authorities returns the certificates of trusted authorities; null if only Node
 * knows them
 *
 * @typedef {object} Settings those of the whole server
 * @property {Array<{ hostname: string, context: Context | string }>} others the contexts of names
 * @property {boolean} requestCert
 * @property {boolean} rejectUnauthorized
 * @property {any} protocols
 * @property {Buffer} ticketKeys
 * @property {string} sessionContext
 * @property {number | undefined} sessionTimeout in seconds
 */

/**
 * Converts options of `https.createServer()` that belong to `tls.createSecureContext()`. Returns the reason, a
 * sentence, if only Node knows the effect of all options.
 *
 * @param {any} options that Node has accepted
 */
function serverContextOf (options) {
  return contextOf(options, SERVER_OPTIONS)
}

/**
 * Converts options of `tls.createSecureContext()`. Returns the reason, a sentence, if only Node knows their effect.
 *
 * @param {any} options that Node has accepted
 * @param {string[]} [known] the names of the options whose effect the reactor has
 * @returns {Context | string}
 */
function contextOf (options, known = CONTEXT_OPTIONS) {
  for (const name in options) {
    if (options[name] !== undefined && !known.includes(name)) return `The option ${name} is set`
  }
  const { minVersion, maxVersion, ca } = options
  for (const [name, version] of Object.entries({ minVersion, maxVersion })) {
    if (version && !VERSIONS.includes(version)) return `The option ${name} is ${version}`
  }
  try {
    const given = ca ? pemOf(ca) : null
    const identities = identitiesOf(options, () => given ?? trustedByNode())
    return typeof identities === 'string' ? identities : {
      minVersion,
      maxVersion,
      identities,
      own: given?.certificates() ?? [],
      authorities: () => (given ?? trustedByNode())?.certificates() ?? null
    }
  } catch {
    return 'Only OpenSSL reads the format of key, cert or ca'
  }
}

/**
 * Returns the chains with their keys, or the reason if OpenSSL chooses between them by rules of its own.
 *
 * @param {any} options
 * @param {() => ReturnType<typeof trustedByNode>} known returns the authorities that may complete a chain
 */
function identitiesOf ({ cert, key, passphrase }, known) {
  const keys = present(key).map((each) =>
    createPrivateKey({ key: textOf(each.pem ?? each), passphrase: each.passphrase ?? passphrase }))
  const identities = []
  for (const pem of present(cert).map(textOf)) {
    const own = new X509Certificate(certificatesIn(pem)[0])
    const isComplete = certificatesIn(pem).length > 1 || own.issuer === own.subject
    // OpenSSL would complete the chain with roots that only Node knows. Clients do not need them.
    const authorities = (isComplete ? null : known()) ?? NO_AUTHORITIES
    const fitting = keys.findIndex((each) => own.checkPrivateKey(each))
    if (fitting < 0) return 'A certificate has no key'
    const [found] = keys.splice(fitting, 1)
    identities.push({
      kind: found.asymmetricKeyType,
      chain: chainOf(pem, authorities),
      key: found.export({ type: 'pkcs8', format: 'der' })
    })
  }
  // For each kind of key, OpenSSL stores one certificate.
  const kinds = new Set(identities.map(({ kind }) => kind))
  if (keys.length > 0) return 'A key has no certificate'
  if (kinds.size < identities.length) return 'Two keys have the same type'
  return identities.map(({ chain, key }) => ({ chain, key }))
}

/**
 * @param {any} value one or several, or none
 * @returns {any[]}
 */
function present (value) {
  return [value].flat().filter(Boolean)
}

/**
 * Returns the configuration of a server for the reactor, or the reason why Node must accept the connections.
 *
 * @param {Context | string} context
 * @param {Settings} settings
 * @returns {import('../../binding').TlsServerConfig | string}
 */
function serverConfig (context, { others, requestCert, rejectUnauthorized, ...settings }) {
  const protocols = protocolsOf(settings.protocols)
  if (UNSUPPORTED !== null) return UNSUPPORTED
  if (typeof context === 'string') return context
  if (protocols === null) return 'ALPNProtocols contains an invalid name'
  const contexts = []
  for (const { hostname, context: each } of [...others, { hostname: undefined, context }]) {
    if (typeof each === 'string') return `${each}, for ${hostname}`
    const authorities = requestCert ? each.authorities() : []
    if (authorities === null) return 'requestCert is set without ca, and only Node knows its authorities'
    // Node uses the versions of the server for all names.
    if (hostname !== undefined && (each.minVersion || each.maxVersion)) {
      return `The option minVersion or maxVersion is set, for ${hostname}`
    }
    // Names have no case. Clients send small letters.
    contexts.push({ name: hostname?.toLowerCase(), identities: each.identities, authorities })
  }
  try {
    return new native.TlsServerConfig(contexts, {
      lowest: context.minVersion || VERSIONS[0],
      highest: context.maxVersion || VERSIONS[1],
      protocols,
      ticketKeys: settings.ticketKeys,
      sessionContext: Buffer.from(settings.sessionContext),
      sessionTimeout: settings.sessionTimeout || SESSION_TIMEOUT,
      asksClients: requestCert,
      requiresClients: rejectUnauthorized,
      subjects: requestCert ? context.own.map(subjectOf) : []
    })
  } catch (error) {
    return `rustls refuses an option: ${reasonOf(error)}`
  }
}

/**
 * Returns the reason why Node must accept a connection that arrives now, whatever the options are, or null.
 *
 * @param {any} server
 */
function needForNode (server) {
  if (UNSUPPORTED !== null) return UNSUPPORTED
  if (server.ALPNCallback) return 'The option ALPNCallback is set'
  const event = EVENTS.find((name) => server.listenerCount(name) > 0)
  return event === undefined ? changeOfTls() : `There is a listener for ${event}`
}

/**
 * The events of Node's TLS that the reactor does not have. After `connect`, programs pass the socket to
 * `tls.TLSSocket`, which works with sockets of Node's TLS only.
 */
const EVENTS = ['newSession', 'resumeSession', 'OCSPRequest', 'keylog', 'connect']
const CONTEXT_OPTIONS = ['ca', 'cert', 'key', 'passphrase', 'minVersion', 'maxVersion']
/** The options of `https.createServer()` that the reactor follows, or that do not concern connections. */
const SERVER_OPTIONS = [
  ...CONTEXT_OPTIONS,
  // TLS
  'ALPNProtocols', 'handshakeTimeout', 'rejectUnauthorized', 'requestCert', 'sessionIdContext', 'sessionTimeout',
  'ticketKeys',
  // HTTP
  'IncomingMessage', 'ServerResponse', 'connectionsCheckingInterval', 'headersTimeout', 'insecureHTTPParser',
  'joinDuplicateHeaders', 'keepAliveTimeout', 'maxHeaderSize', 'optimizeEmptyRequests', 'rejectNonStandardBodyWrites',
  'requestTimeout', 'requireHostHeader', 'shouldUpgradeCallback', 'uniqueHeaders',
  // Sockets
  'allowHalfOpen', 'blockList', 'keepAlive', 'keepAliveInitialDelay', 'noDelay'
]
/** The lifetime of sessions that OpenSSL has, in seconds. */
const SESSION_TIMEOUT = 7200
const NO_AUTHORITIES = pemOf([])

module.exports = { contextOf, needForNode, serverConfig, serverContextOf }
