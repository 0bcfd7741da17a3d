// The types of faye-websocket-rs/https, written by hand. They require the types of Node: @types/node 18 or newer.

/// <reference types="node" />

import http = require('http')
import nodeHttps = require('https')

export = https

/**
 * Servers for HTTP and WebSockets over TLS, as Node's `https` makes them.
 *
 * ```js
 * const https = require('faye-websocket-rs/https')
 *
 * const server = https.createServer({ key, cert }, (request, response) => response.end('Hello'))
 * ```
 */
declare namespace https {
  /** A server of Node's class, with one more property. */
  export interface Server extends nodeHttps.Server {
    /**
     * Whether a connection that arrives now is encrypted by this package. Otherwise Node encrypts it, because only Node
     * has a feature that the program uses, or because the machine has no native transport.
     */
    readonly isNative: boolean
  }

  /** The options of Node's `https.createServer()`. */
  export type ServerOptions = nodeHttps.ServerOptions

  /**
   * Returns a server. Takes the arguments of Node's `https.createServer()`.
   *
   * @throws the errors of Node for invalid options, certificates and keys
   */
  export function createServer (listener?: http.RequestListener): Server
  export function createServer (options: ServerOptions, listener?: http.RequestListener): Server
}
