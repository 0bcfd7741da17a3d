'use strict'

// X.509 certificates, created when a test runs. Node can sign certificates but not build them, so this file writes the
// ASN.1 structures of RFC 5280 that the tests need. Tests require no openssl, and the repository contains no keys.

const { generateKeyPairSync, randomBytes, sign } = require('node:crypto')
const { isIP } = require('node:net')

const OIDS = {
  ecdsaWithSHA256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  ecdsaWithSHA384: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
  rsaWithSHA256: [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
  ed25519: [0x2b, 0x65, 0x70],
  serverAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
  clientAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02],
  extendedKeyUsage: [0x55, 0x1d, 0x25],
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  keyUsage: [0x55, 0x1d, 0x0f],
  subjectKey: [0x55, 0x1d, 0x0e],
  authorityKey: [0x55, 0x1d, 0x23],
  nameConstraints: [0x55, 0x1d, 0x1e],
  certificatePolicies: [0x55, 0x1d, 0x20],
  netscapeType: [0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x01, 0x01],
  transparency: [0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02],
  unknown: [0x2a, 0x03, 0x04]
}

function der (tag, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const hex = body.length.toString(16)
  const length = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}

const sequence = (...parts) => der(0x30, ...parts)
const oid = (name) => der(0x06, OIDS[name])
const TRUE = der(0x01, [0xff])

const nameOf = (commonName) =>
  sequence(der(0x31, sequence(oid('commonName'), der(0x0c, Buffer.from(commonName)))))

const time = (date) => der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, '')))

const extension = (name, critical, value) =>
  sequence(oid(name), ...(critical ? [TRUE] : []), der(0x04, value))

const pem = (bytes) =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`

function alternativeName (name) {
  return isIP(name) ? der(0x87, name.split('.').map(Number)) : der(0x82, Buffer.from(name))
}

const DAY = 24 * 60 * 60 * 1000

/** By kind of key: the function that generates a key, and the signature algorithm. */
const KINDS = {
  'ECDSA P-256': { make: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }), algorithm: 'ecdsaWithSHA256' },
  'ECDSA P-384': {
    make: () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }), algorithm: 'ecdsaWithSHA384', hash: 'sha384'
  },
  'ECDSA P-521': { make: () => generateKeyPairSync('ec', { namedCurve: 'secp521r1' }), algorithm: 'ecdsaWithSHA256' },
  'RSA 2048': {
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    algorithm: 'rsaWithSHA256',
    parameters: [0x05, 0x00]
  },
  Ed25519: { make: () => generateKeyPairSync('ed25519'), algorithm: 'ed25519', hash: null }
}

/**
 * Returns a certificate for `names` (host names and IPv4 addresses), signed by `issuer` or self-signed. `keyUsage` is
 * the first byte of the extension of that name, `usages` are names of extended key usages, `pathLength` is the path
 * length limit of an authority, and `others` are further extensions. Version 1 of X.509 has no extensions.
 */
function certificate (subject, options = {}) {
  const { authority = false, names = [], issuer, kind = 'ECDSA P-256', usages = [], others = [] } = options
  const { version = 3 } = options
  const { isAuthority = authority, keyUsage = authority ? 0x06 : undefined } = options
  const { notBefore = new Date(Date.now() - 30 * DAY), notAfter = new Date(Date.now() + DAY) } = options
  const pair = KINDS[kind].make()
  const signer = KINDS[issuer ? issuer.kind : kind]
  const algorithm = sequence(oid(signer.algorithm), signer.parameters || [])
  const pathLength = options.pathLength === undefined ? [] : der(0x02, [options.pathLength])
  const extensions = [extension('basicConstraints', true, isAuthority ? sequence(TRUE, pathLength) : sequence())]
  if (keyUsage) extensions.push(extension('keyUsage', true, der(0x03, [0x00, keyUsage])))
  if (usages.length > 0) extensions.push(extension('extendedKeyUsage', false, sequence(...usages.map(oid))))
  if (names.length > 0) {
    extensions.push(extension('subjectAltName', false, sequence(...names.map(alternativeName))))
  }
  extensions.push(...others)

  const body = sequence(
    ...(version === 1 ? [] : [der(0xa0, der(0x02, [2]))]),
    der(0x02, [0x01], randomBytes(8)),
    algorithm,
    nameOf(issuer ? issuer.subject : subject),
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    ...(version === 1 ? [] : [der(0xa3, sequence(...extensions))])
  )
  const { hash = 'sha256' } = signer
  const signature = sign(hash, body, issuer ? issuer.privateKey : pair.privateKey)
  return {
    kind,
    subject,
    privateKey: pair.privateKey,
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: pem(sequence(body, algorithm, der(0x03, [0], signature)))
  }
}

/** Creates a certificate authority and its certificate for 127.0.0.1 and localhost. */
function createAuthority () {
  const root = certificate('Test authority', { authority: true })
  const issue = (names, options) => {
    const { key, cert } = certificate(names[0], { names, issuer: root, ...options })
    return { key, cert }
  }
  return { ca: root.cert, root, issue, local: issue(['localhost', '127.0.0.1']) }
}

module.exports = { certificate, createAuthority, der, extension, sequence }
