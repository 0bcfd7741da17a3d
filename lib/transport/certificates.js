// @ts-check
'use strict'

// Certificates, keys and protocol names as programs pass them to Node, in the forms that the reactor needs.

const { Buffer } = require('node:buffer')
const { X509Certificate, createHash, createPrivateKey } = require('node:crypto')
const tls = require('node:tls')
const native = require('../native')

/**
 * A set of certificates of authorities, with a name that identifies the set.
 *
 * @typedef {object} Authorities
 * @property {string} name
 * @property {() => Buffer[]} certificates
 * @property {() => import('../../binding').TlsAnchors} anchors
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
    generation += 1
  }
  return authorities(`Node ${generation}`, () => certificates)
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
 * Returns the subject of a certificate as it is encoded (RFC 5280 section 4.1). Node's class returns text only.
 *
 * @param {Buffer} certificate
 */
function subjectOf (certificate) {
  const [signed] = elementsOf(contentOf(certificate))
  const fields = elementsOf(contentOf(signed))
  // The version is optional, and precedes number, algorithm, issuer, validity and subject.
  return fields[fields[0][0] === VERSION ? 5 : 4]
}

/**
 * Returns the elements of the content of an element in DER.
 *
 * @param {Buffer} content
 */
function elementsOf (content) {
  const elements = []
  for (let rest = content; rest.length > 0;) {
    const end = headOf(rest) + lengthOf(rest)
    elements.push(rest.subarray(0, end))
    rest = rest.subarray(end)
  }
  return elements
}

/** @param {Buffer} element */
function contentOf (element) {
  return element.subarray(headOf(element))
}

/**
 * Returns the length of the type and of the length.
 *
 * @param {Buffer} element
 */
function headOf (element) {
  return element[1] < 0x80 ? 2 : 2 + (element[1] & 0x7f)
}

/** @param {Buffer} element */
function lengthOf (element) {
  return element[1] < 0x80 ? element[1] : element.readUIntBE(2, element[1] & 0x7f)
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

/** @type {Map<string, import('../../binding').TlsAnchors>} */
const anchors = new Map()
/** @type {any} */
let nodesCertificates
/** The number of different sets of certificates that Node has trusted in this process. */
let generation = 0

const CERTIFICATE = /-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----/g
/** A format with additional rules about the purposes of the certificate. */
const TRUSTED = 'BEGIN TRUSTED CERTIFICATE'
/** The type of the version in a certificate. */
const VERSION = 0xa0
const MAX_CACHED = 32
const LONGEST_CHAIN = 10
/** Whether Node trusts the store of OpenSSL instead of `tls.rootCertificates`, as Debian builds it. */
const USES_STORE_OF_OPENSSL = Boolean(/** @type {any} */ (process.config.target_defaults)?.defines
  ?.includes('NODE_OPENSSL_CERT_STORE'))

module.exports = { cached, certificatesIn, chainOf, keyOf, pemOf, protocolsOf, subjectOf, textOf, trustedByNode }
