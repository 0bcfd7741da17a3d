// @ts-check
'use strict'

const {
  array, boolean, byte, bytes, enumeration, number, oneOf, optional, signed, string, struct, unsigned
} = require('./convert')

/**
 * Conversions of objects, and of values with several possible types, to arguments of functions. The order of fields is
 * the one that `crates/wasm/src/functions/arguments.rs` reads.
 */

const connectionOptions = struct('ConnectionOptions', {
  interface: enumeration('Interface', ['websocket-driver', 'websocket-node', 'ws']),
  maxLength: number,
  maxFrame: number,
  maxFragments: number,
  masking: boolean,
  allowDrafts: boolean,
  strictHandshake: boolean,
  requireMasking: boolean,
  protocols: oneOf([['String', string], ['Array<T>', array(string)]]),
  delivery: enumeration('Delivery', ['messages', 'fragments', 'frames']),
  checksText: boolean,
  fragmentAt: number,
  answersPings: boolean,
  version: byte
}, false)

const deflateOptions = struct('DeflateOptions', {
  level: signed,
  memLevel: signed,
  strategy: signed,
  noContextTakeover: boolean,
  maxWindowBits: signed,
  requestNoContextTakeover: boolean,
  requestMaxWindowBits: signed,
  threshold: number
}, false)

const clientTarget = struct('ClientTarget', { host: string, target: string, username: string, password: string }, true)

const tunnelTarget = struct('TunnelTarget', {
  authority: string,
  host: string,
  username: string,
  password: string
}, true)

const parameter = struct('ExtensionParameter', {
  name: string,
  value: oneOf([['bool', boolean], ['f64', number], ['String', string]])
}, true)

/** Converts a list of parameters to a flat list: name, value, name, value … */
const parameters = (/** @type {any} */ list) => array(parameter)(list).flat()

const flags = (/** @type {any[]} */ values) => values.map((value) => boolean(value))
const frameMask = optional(oneOf([['bool', boolean], ['Uint8Array', bytes]]))
const closeCode = optional(number)
const failureCode = optional(oneOf([
  ['u16', (value) => unsigned(value, 'u16', 0xffff)],
  ['String', string]
]))

module.exports = {
  clientTarget, closeCode, connectionOptions, deflateOptions, failureCode, flags, frameMask, parameters, tunnelTarget
}
