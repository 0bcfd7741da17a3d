// The types of faye-websocket-rs/https, written by hand. They require the types of Node: @types/node 18 or newer.

/// <reference types="node" />

import http = require('http')
import nodeHttps = require('https')

export = https

/**
 * Servers for HTTP and WebSockets over TLS, as Node's `https` makes them. The functions for clients are Node's own.
 *
 * ```js
 * const https = require('faye-websocket-rs/https')
 *
 * const server = https.createServer({ key, cert }, (request, response) => response.end('Hello'))
 * ```
 */
declare namespace https {
  /** A server of Node's class, with two more properties. */
  export class Server<
    Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
    Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse
  > extends nodeHttps.Server<Request, Response> {
    /**
     * Whether a connection that arrives now is encrypted by this package. Otherwise Node encrypts it, because only Node
     * has a feature that the program uses, or because the machine has no native transport.
     */
    readonly isNative: boolean

    /** The reason for the value of `isNative`, for people: `The option ciphers is set`. */
    readonly nativeReason: string
  }

  /**
   * Returns a server. Takes the arguments of Node's `https.createServer()`.
   *
   * @throws the errors of Node for invalid options, certificates and keys
   */
  export function createServer<
    Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
    Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse
  > (listener?: http.RequestListener<Request, Response>): Server<Request, Response>
  export function createServer<
    Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
    Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse
  > (
    options: ServerOptions<Request, Response>, listener?: http.RequestListener<Request, Response>
  ): Server<Request, Response>

  export import Agent = nodeHttps.Agent
  export import get = nodeHttps.get
  export import globalAgent = nodeHttps.globalAgent
  export import request = nodeHttps.request

  export type AgentOptions = nodeHttps.AgentOptions
  export type RequestOptions = nodeHttps.RequestOptions
  export type ServerOptions<
    Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
    Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse
  > = nodeHttps.ServerOptions<Request, Response>
}
