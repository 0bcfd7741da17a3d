// @ts-check
'use strict'

const { array, boolean, byte, enumeration, number, oneOf, signed, string, struct } = require('./convert')

/**
 * The objects that functions take, in the order of the fields that `crates/wasm/src/functions/arguments.rs` reads.
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

/** A list of names and values, in turn. */
const parameters = (/** @type {any} */ list) => array(parameter)(list).flat()

module.exports = { clientTarget, connectionOptions, deflateOptions, parameters, tunnelTarget }
