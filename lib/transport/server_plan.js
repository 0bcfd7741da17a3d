// @ts-check
'use strict'

// Decides which options of TLS servers the reactor follows exactly as Node would, and builds the configuration for
// them. In case of doubt, Node accepts the connections.

const { Buffer } = require('node:buffer')
const { X509Certificate, createPrivateKey } = require('node:crypto')
const native = require('../native')
const { certificatesIn, chainOf, pemOf, protocolsOf, subjectOf, textOf, trustedByNode } = require('./certificates')
const { IS_SUPPORTED } = require('./platform')
const { VERSIONS, tlsIsNodes } = require('./tls_defaults')

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
 * @property {Array<{ hostname: string, context: Context | null }>} others the contexts of names
 * @property {boolean} requestCert
 * @property {boolean} rejectUnauthorized
 * @property {any} protocols
 * @property {Buffer} ticketKeys
 * @property {string} sessionContext
 * @property {number | undefined} sessionTimeout in seconds
 */

/**
 * Converts options of `https.createServer()` that belong to `tls.createSecureContext()`. Returns null if only Node
 * knows the effect of all options.
 *
 * @param {any} options that Node has accepted
 */
function serverContextOf (options) {
  return contextOf(options, SERVER_OPTIONS)
}

/**
 * Converts options of `tls.createSecureContext()`. Returns null if only Node knows their effect.
 *
 * @param {any} options that Node has accepted
 * @param {string[]} [known] the names of the options whose effect the reactor has
 * @returns {Context | null}
 */
function contextOf (options, known = CONTEXT_OPTIONS) {
  for (const name in options) {
    if (options[name] !== undefined && !known.includes(name)) return null
  }
  const { minVersion, maxVersion, ca } = options
  if (![minVersion, maxVersion].every((version) => !version || VERSIONS.includes(version))) return null
  try {
    const given = ca ? pemOf(ca) : null
    const identities = identitiesOf(options, () => given ?? trustedByNode())
    return identities && {
      minVersion,
      maxVersion,
      identities,
      own: given?.certificates() ?? [],
      authorities: () => (given ?? trustedByNode())?.certificates() ?? null
    }
  } catch {
    // A format that only OpenSSL reads.
    return null
  }
}

/**
 * Returns the chains with their keys. Returns null if OpenSSL chooses between them by rules of its own.
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
    if (fitting < 0) return null
    const [found] = keys.splice(fitting, 1)
    identities.push({
      kind: found.asymmetricKeyType,
      chain: chainOf(pem, authorities),
      key: found.export({ type: 'pkcs8', format: 'der' })
    })
  }
  // For each kind of key, OpenSSL stores one certificate.
  const kinds = new Set(identities.map(({ kind }) => kind))
  return keys.length > 0 || kinds.size < identities.length ? null : identities.map(({ chain, key }) => ({ chain, key }))
}

/**
 * @param {any} value one or several, or none
 * @returns {any[]}
 */
function present (value) {
  return [value].flat().filter(Boolean)
}

/**
 * Returns the configuration of a server for the reactor, or null if Node must accept the connections.
 *
 * @param {Context} context
 * @param {Settings} settings
 */
function serverConfig (context, { others, requestCert, rejectUnauthorized, ...settings }) {
  const protocols = protocolsOf(settings.protocols)
  if (!IS_SUPPORTED || typeof native.TlsServerConfig !== 'function' || protocols === null) return null
  const contexts = []
  for (const { hostname, context: each } of [...others, { hostname: undefined, context }]) {
    const authorities = requestCert ? each?.authorities() ?? null : []
    if (each === null || authorities === null) return null
    // Node uses the versions of the server for all names.
    if (hostname !== undefined && (each.minVersion || each.maxVersion)) return null
    contexts.push({ name: hostname, identities: each.identities, authorities })
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
  } catch {
    // rustls does not support a value.
    return null
  }
}

/**
 * Returns whether Node must accept a connection that arrives now, whatever the options are.
 *
 * @param {any} server
 */
function needsNode (server) {
  return Boolean(server.ALPNCallback) || EVENTS.some((name) => server.listenerCount(name) > 0) || !tlsIsNodes()
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

module.exports = { contextOf, needsNode, serverConfig, serverContextOf }
