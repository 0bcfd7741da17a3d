// The public types, written by hand. They never import binding.d.ts, which describes internals. They require the types
// of Node: @types/node 18 or newer.

/// <reference types="node" />

import Stream = require('stream')
import http = require('http')
import net = require('net')
import tls = require('tls')
import driver = require('./lib/websocket-driver/index.js')

export = WebSocket

/** A Node stream whose constructor lacks the static members of `Stream`. */
declare const EventStream: new () => Stream

/** The common base of {@link WebSocket} and {@link WebSocket.Client}. Not exported. */
declare abstract class Socket extends EventStream {
  /**
   * The URL of the connection. On a server: `ws://` or `wss://`, the `Host` header and the path of the request. On a
   * client: the string passed to the constructor.
   */
  readonly url: string

  /** The protocol version: `'hybi-13'` is RFC 6455, `'hixie-76'` and `'hixie-75'` are the drafts before it. */
  readonly version: driver.Version

  /** The negotiated subprotocol; `''` before `open`, and without a subprotocol. */
  readonly protocol: string

  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: WebSocket.ReadyState

  /** The number of bytes that {@link send} has accepted and the operating system has not. */
  readonly bufferedAmount: number

  /**
   * The type of binary messages in `message` events and `for await`: `'nodebuffer'` (Buffer, the default) or
   * `'arraybuffer'`. The `data` event and `pipe()` always use Buffers. You may set it at any time.
   *
   * @throws TypeError for other values.
   */
  binaryType: WebSocket.BinaryType

  /** True until the connection is closed. */
  readable: boolean

  /** True until the connection is closed. */
  writable: boolean

  /** Called before the listeners of `open`. */
  onopen: ((event: WebSocket.OpenEvent) => void) | null

  /** Called before the listeners of `message`. */
  onmessage: ((event: WebSocket.MessageEvent) => void) | null

  /** Called before the listeners of `error`. The event is informational: `close` always follows. */
  onerror: ((event: WebSocket.ErrorEvent) => void) | null

  /** Called once, before the listeners of `close`. */
  onclose: ((event: WebSocket.CloseEvent) => void) | null

  /**
   * Sends a message: bytes of any type as binary, other values as the text `String(message)`. A message sent before
   * `open` waits for the handshake.
   *
   * The socket reads a `Blob` first. Later messages and the close frame wait for it; pings do not. If the Blob cannot
   * be read, the connection fails with `error` and code 1006.
   *
   * @param message The message, or the result of {@link WebSocket.prepare}.
   * @param options Options of this message.
   * @param callback Called once, after `send()` has returned. It gets no arguments when the operating system has
   * accepted the whole message, and an Error if the message was refused or the connection ended before.
   * @returns `false` if the message was refused: the socket is closing or closed, or the message is binary and the
   * client uses a draft. Also `false` if the peer does not read fast enough: wait for `drain` before you send more.
   */
  send (
    message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.BlobLike | WebSocket.PreparedMessage,
    callback?: (error?: Error) => void
  ): boolean
  send (
    message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.BlobLike | WebSocket.PreparedMessage,
    options?: WebSocket.MessageOptions | null,
    callback?: (error?: Error) => void
  ): boolean

  /** The same as {@link send}, for `pipe()`. */
  write (message: string | Buffer | WebSocket.Bytes | WebSocket.PreparedMessage): boolean

  /** Sends the message, if given, and closes with 1000. Returns nothing; the type `any` fits NodeJS.WritableStream. */
  end (): any
  end (message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.BlobLike | WebSocket.PreparedMessage): any

  /**
   * Sends a ping.
   *
   * @param message The payload, at most 125 bytes of UTF-8. Default: `''`.
   * @param callback Called once, without arguments, when a pong with the same payload arrives. It replaces the callback
   * of an earlier ping with the same payload. Not called if the connection closes before.
   * @returns `false` if the socket is closing or closed, or uses a draft, which has no pings.
   * @throws RangeError if the payload has more than 125 bytes.
   */
  ping (message?: string | null, callback?: () => void): boolean

  /** Stops the delivery of messages, and reading from the peer. */
  pause (): void

  /** Delivers and reads again after {@link pause}. */
  resume (): void

  /**
   * Begins the closing handshake. `close` follows when the peer answers. If the peer does not answer, `close` follows
   * after `closeTimeout`, with code 1006. Before `open`, it follows at once. Later calls have no effect.
   *
   * @param code 1000, or 3000 to 4999. Default: 1000.
   * @param reason At most 123 bytes of UTF-8; the socket cuts a longer reason between two characters. Default: `''`.
   * @throws Error for other codes.
   */
  close (code?: number, reason?: string): void

  /**
   * Closes the socket at once, in any state and without a closing handshake. Emits `close` with code 1006 before it
   * returns. Before that, offers the unsent bytes to the operating system once. Later calls have no effect.
   */
  terminate (): void

  /**
   * Returns an iterator over the messages from now on, for `for await (const data of ws)`: strings, and Buffers or
   * ArrayBuffers (see `binaryType`). While the loop is busy, the iterator stores up to 64 messages or 64 KiB, and then
   * pauses the socket.
   *
   * The loop ends after the last message, when the connection ends. That is after a close frame of the peer with any
   * code, and after `close()`, `end()`, `terminate()` or an abort of the `signal`. It throws an Error with the message
   * of the `error` event, or if the connection ended without a close frame. Leaving the loop early closes the
   * connection with 1000.
   *
   * @throws Error if the socket is already being iterated.
   */
  [Symbol.asyncIterator] (): AsyncIterableIterator<string | Buffer>

  on<Name extends keyof WebSocket.SocketEvents> (name: Name, listener: WebSocket.SocketEvents[Name]): this
  on (name: string | symbol, listener: (...args: any[]) => void): this
  once<Name extends keyof WebSocket.SocketEvents> (name: Name, listener: WebSocket.SocketEvents[Name]): this
  once (name: string | symbol, listener: (...args: any[]) => void): this
  addListener<Name extends keyof WebSocket.SocketEvents> (name: Name, listener: WebSocket.SocketEvents[Name]): this
  addListener (name: string | symbol, listener: (...args: any[]) => void): this
  prependListener<Name extends keyof WebSocket.SocketEvents> (name: Name, listener: WebSocket.SocketEvents[Name]): this
  prependListener (name: string | symbol, listener: (...args: any[]) => void): this
  prependOnceListener<Name extends keyof WebSocket.SocketEvents> (
    name: Name,
    listener: WebSocket.SocketEvents[Name]
  ): this
  prependOnceListener (name: string | symbol, listener: (...args: any[]) => void): this

  /** The same as `on`. A listener that is added twice is called twice. `useCapture` has no effect. */
  addEventListener<Name extends keyof WebSocket.SocketEvents> (
    name: Name,
    listener: WebSocket.SocketEvents[Name],
    useCapture?: boolean
  ): void

  /** The same as `removeListener`. */
  removeEventListener<Name extends keyof WebSocket.SocketEvents> (
    name: Name,
    listener: WebSocket.SocketEvents[Name],
    useCapture?: boolean
  ): void

  /** Sets `target`, `currentTarget` and `eventPhase`, calls the `on…` property, then the listeners. */
  dispatchEvent (event: { type: string }): void
}

/**
 * The server's endpoint of a connection, created from an `upgrade` request.
 *
 * ```js
 * server.on('upgrade', (request, socket, body) => {
 *   if (!WebSocket.isWebSocket(request)) return socket.destroy()
 *   const ws = new WebSocket(request, socket, body)
 *   ws.on('message', (event) => ws.send(event.data))
 * })
 * ```
 *
 * The socket sends the handshake in the next tick, so listeners that you add now receive all events. It responds to an
 * invalid handshake with 400, and emits `error`, and `close` with code 1002.
 */
declare class WebSocket extends Socket {
  /**
   * @param request The first argument of the `upgrade` event of an `http` or `https` server.
   * @param socket The second argument: a `net.Socket`, a `tls.TLSSocket` or any other Duplex.
   * @param body The third argument: bytes after the request.
   * @param protocols The subprotocols that the server supports, as an array or separated by commas. The socket selects
   * the first subprotocol in the client's offer that is in this list. Default: none.
   * @param options See {@link WebSocket.ServerOptions}.
   * @throws Error `Unrecognized option: …` for an option that does not exist.
   * @throws Error for a header whose name or value contains CR, LF or NUL.
   * @throws RangeError for a `maxLength` or a number of seconds that is not above 0 (0 and undefined mean the default).
   * @throws TypeError for `protocols`, a `binaryType` or a `signal` of another type, for an extension without the
   * required properties, and for a `pingTimeout` without `ping`.
   */
  constructor (
    request: http.IncomingMessage,
    socket: Stream.Duplex,
    body: Uint8Array,
    protocols?: WebSocket.Protocols | null,
    options?: WebSocket.ServerOptions | null
  )

  /** Returns whether a request asks for a WebSocket: method GET, `Connection: upgrade` and `Upgrade: websocket`. */
  static isWebSocket (request: Pick<http.IncomingMessage, 'method' | 'headers'>): boolean

  /**
   * Checks the names of options.
   *
   * @throws Error `Unrecognized option: …` for the first key of `options` that is not in `validKeys`.
   */
  static validateOptions (options: object | null | undefined, validKeys: readonly string[]): void

  /**
   * Prepares a message for many connections of servers and clients. The core encodes the message once. Without context
   * takeover, it also compresses the message once for all connections with the same parameters. faye-websocket has no
   * such function.
   *
   * @param message As for `send()`. `prepare()` copies it, so you may change a Buffer afterwards.
   * @returns A message for `send()` of any socket of this package. You may send it repeatedly.
   * @throws TypeError for a Blob. Read it first.
   */
  static prepare (
    message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.PreparedMessage
  ): WebSocket.PreparedMessage

  /**
   * Sends a message on all of these sockets that are open, with `send()` of each socket. Skips sockets that are not
   * open, and sockets that use a draft if the message is binary. faye-websocket has no such function.
   *
   * @param connections Sockets of servers and clients: an array, a `Set`, or any other iterable.
   * @param message As for `send()`. `broadcast()` {@link prepare prepares} it once.
   * @param options As for `send()`.
   * @returns The number of sockets on which the message was sent, including those whose peers do not read fast enough.
   * @throws TypeError if `connections` is not iterable or contains other values, and for a Blob. In these cases the
   * function sends nothing.
   * @throws The error of a `send()` that has thrown, after the message was sent on all other sockets; an
   * `AggregateError` for several errors.
   */
  static broadcast (
    connections: Iterable<WebSocket | WebSocket.Client>,
    message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.PreparedMessage,
    options?: WebSocket.MessageOptions
  ): number

  /**
   * How the core runs: `'native'`, as the addon of this machine, or `'wasm'`, as WebAssembly if no addon loads. The
   * environment variable `FAYE_WEBSOCKET_RUNTIME` forces one of them. faye-websocket has no such property.
   */
  static readonly runtime: 'native' | 'wasm'

  /** The name of the addon, or the reason for WebAssembly. For people: the text may change in any version. */
  static readonly runtimeReason: string
}

/** Only {@link WebSocket.prepare} returns prepared messages. */
declare const prepared: unique symbol

import Itself = WebSocket

declare namespace WebSocket {
  /** The constructor itself, for `const { WebSocket } = require('faye-websocket')`. */
  export { Itself as WebSocket }

  /** The constructor itself, for compilers that read `default` of a CommonJS module. */
  export { Itself as default }

  /**
   * The client's endpoint of a connection.
   *
   * ```js
   * const ws = new WebSocket.Client('wss://example.com/')
   * ws.on('open', () => ws.send('Hello'))
   * ws.on('message', (event) => console.log(event.data))
   * ```
   *
   * If the connection cannot be opened, the client emits `error` and `close`. The code is 1006 if the network or TLS
   * fails, and 1002 if the server's response is not a valid handshake.
   */
  export class Client extends Socket {
    /**
     * Connects at once.
     *
     * @param url A `ws:` or `wss:` URL. The client sends a user name and password in it as `Authorization: Basic`. For
     * a Unix socket: `ws+unix:/path/to.sock:/path?query` or `wss+unix:…`, with the percent-encoded path of the socket.
     * @param protocols The subprotocols that the client offers, as an array or separated by commas. Default: none.
     * @param options See {@link WebSocket.ClientOptions}.
     * @throws Error `… is not a valid WebSocket URL`, `… is not a valid proxy URL`.
     * @throws Error `Unrecognized option: …` for an option that does not exist.
     * @throws Error for a header whose name or value contains CR, LF or NUL.
     * @throws RangeError for a `maxLength` or a number of seconds that is not above 0 (0 and undefined mean the
     * default).
     * @throws TypeError for `protocols`, a `binaryType`, `signal`, `agent` or `createConnection` of another type, for
     * an extension without the required properties, for a `pingTimeout` without `ping`, and for more than one of
     * `proxy`, `agent` and `createConnection`.
     * @throws The exceptions of `agent` and `createConnection`.
     */
    constructor (url: string, protocols?: Protocols | null, options?: ClientOptions | null)

    /** The status code of the server's response, 101 on success; undefined before `open` or `error`. */
    readonly statusCode: number | undefined

    /** The headers of the server's response, with names in lower case; undefined before `open` or `error`. */
    readonly headers: { readonly [name: string]: string } | undefined
  }

  /**
   * The server's endpoint of an event stream: a response on which the server sends events.
   *
   * ```js
   * server.on('request', (request, response) => {
   *   if (!WebSocket.EventSource.isEventSource(request)) return response.end()
   *   const es = new WebSocket.EventSource(request, response)
   *   const timer = setInterval(() => es.send('Hello'), 1000)
   *   es.on('close', () => clearInterval(timer))
   * })
   * ```
   */
  export class EventSource extends EventStream {
    /**
     * Sends the head of the response and the `retry` field at once. If the client has disconnected, sends nothing.
     *
     * @throws Error for a header whose name or value contains CR, LF or NUL.
     * @throws RangeError for a `ping` or `retry` that is not above 0 (0 and undefined mean the default).
     */
    constructor (request: http.IncomingMessage, response: http.ServerResponse, options?: EventSourceOptions | null)

    /** Returns whether a request asks for events: method GET, and `text/event-stream` in the `Accept` header. */
    static isEventSource (request: Pick<http.IncomingMessage, 'method' | 'headers'>): boolean

    /** The URL of the request, `http://` or `https://`. */
    readonly url: string

    /** The id of the last event that the client received before it reconnected, or `''`. */
    readonly lastEventId: string

    /** 0 connecting, 1 open, 3 closed. */
    readonly readyState: ReadyState

    /** True until the connection is closed. */
    writable: boolean

    /** Called before the listeners of `open`. */
    onopen: ((event: Event<'open', EventSource>) => void) | null

    /** Called before the listeners of `close`. */
    onclose: ((event: Event<'close', EventSource>) => void) | null

    /** Never called: an EventSource has no `message` event. */
    onmessage: null

    /** Never called: an EventSource has no `error` event. If its socket fails, it emits `close`. */
    onerror: null

    /**
     * Sends an event. Each line of `String(message)` becomes a `data` line.
     *
     * @returns `false` if the connection is closed, or if the client does not read fast enough: wait for `drain` before
     * you send more.
     */
    send (message: Sendable, options?: SendOptions | null): boolean

    /** The same as {@link send} without options, for `pipe()`. */
    write (message: string | Buffer): boolean

    /** Sends the message, if given, and closes. Returns nothing; the type `any` fits NodeJS.WritableStream. */
    end (): any
    end (message: Sendable): any

    /** Sends a comment. Clients ignore it, and it prevents proxies from closing the connection. */
    ping (): boolean

    /** Ends the response. Returns `true` the first time, and `false` afterwards. */
    close (): boolean

    on<Name extends keyof EventSourceEvents> (name: Name, listener: EventSourceEvents[Name]): this
    on (name: string | symbol, listener: (...args: any[]) => void): this
    once<Name extends keyof EventSourceEvents> (name: Name, listener: EventSourceEvents[Name]): this
    once (name: string | symbol, listener: (...args: any[]) => void): this
    addListener<Name extends keyof EventSourceEvents> (name: Name, listener: EventSourceEvents[Name]): this
    addListener (name: string | symbol, listener: (...args: any[]) => void): this
    prependListener<Name extends keyof EventSourceEvents> (name: Name, listener: EventSourceEvents[Name]): this
    prependListener (name: string | symbol, listener: (...args: any[]) => void): this
    prependOnceListener<Name extends keyof EventSourceEvents> (name: Name, listener: EventSourceEvents[Name]): this
    prependOnceListener (name: string | symbol, listener: (...args: any[]) => void): this

    /** The same as `on`. */
    addEventListener<Name extends keyof EventSourceEvents> (
      name: Name,
      listener: EventSourceEvents[Name],
      useCapture?: boolean
    ): void

    /** The same as `removeListener`. */
    removeEventListener<Name extends keyof EventSourceEvents> (
      name: Name,
      listener: EventSourceEvents[Name],
      useCapture?: boolean
    ): void

    /** Sets `target`, `currentTarget` and `eventPhase`, calls the `on…` property, then the listeners. */
    dispatchEvent (event: { type: string }): void
  }

  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  export type ReadyState = 0 | 1 | 2 | 3

  /** Subprotocol names, as an array or separated by commas. */
  export type Protocols = string | readonly string[]

  /** Values for `send()`. The socket sends a Buffer as binary, and other values as text. See also {@link Bytes}. */
  export type Sendable = string | Buffer | number | bigint | boolean

  /** Bytes other than a Buffer, which the socket sends as binary. It copies shared memory. */
  export type Bytes = NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer

  /** A Blob or a File of Node. The Blob type of TypeScript's DOM library is compatible. */
  export interface BlobLike {
    readonly size: number
    readonly type: string
    arrayBuffer (): Promise<ArrayBuffer>
    slice (start?: number, end?: number, type?: string): BlobLike
  }

  /** The type of received binary messages: Buffer or ArrayBuffer. */
  export type BinaryType = 'nodebuffer' | 'arraybuffer'

  /** Options of `send()` of {@link WebSocket} and {@link WebSocket.Client}. faye-websocket has none. */
  export interface MessageOptions {
    /**
     * `false` sends this message uncompressed, even if permessage-deflate was negotiated. Use it for compressed data,
     * and for secrets next to data that a peer controls. Default: `true`.
     */
    compress?: boolean | undefined
  }

  /** A message for many connections, created by {@link WebSocket.prepare}. It is opaque and cannot be changed. */
  export interface PreparedMessage {
    readonly [prepared]: true
  }

  /** HTTP headers to send. The package converts values with `toString()`; `undefined` sends no header. */
  export interface Headers {
    [name: string]: string | number | boolean | undefined
  }

  /** Options of {@link WebSocket}. */
  export interface ServerOptions {
    /** Headers to send with the handshake. Default: none. */
    headers?: Headers | undefined

    /**
     * Extensions with the interface of `websocket-extensions`, in order of preference. The connection uses an extension
     * if both endpoints agree. `faye-websocket-rs/permessage-deflate` compresses messages in native code, and replaces
     * npm's `permessage-deflate`. Default: none.
     */
    extensions?: Extension | readonly Extension[] | undefined

    /**
     * The maximum length of a received message in bytes, as received and after inflating. A longer message closes the
     * connection with 1009. Default: 67108863 (64 MiB - 1).
     */
    maxLength?: number | undefined

    /**
     * The transport. `'native'` uses the native transport for every socket that supports it. `'stream'` always uses the
     * stream transport. docs/transports.md lists the differences. Default: `'native'`.
     */
    transport?: 'native' | 'stream' | undefined

    /** The type of received binary messages: see the property `binaryType`. Default: `'nodebuffer'`. */
    binaryType?: BinaryType | undefined

    /** Seconds between pings that keep the connection alive. Fractions are allowed. Default: no pings. */
    ping?: number | undefined

    /**
     * Seconds within which the peer must answer a ping of the option `ping`, which `pingTimeout` requires. A pong for a
     * later ping also counts (RFC 6455 section 5.5.3). If no such pong arrives, the connection fails with `error` and
     * code 1006. While the application has paused the connection, there is no limit. Default: a missing pong has no
     * effect.
     */
    pingTimeout?: number | undefined

    /**
     * Seconds from construction to `open`. On a client this includes name resolution, connecting, the proxy, TLS and
     * the opening handshake. On a server it limits the wait for the body of a hixie-76 request. If the time passes, the
     * connection fails with `error` and code 1006. Default: no limit.
     */
    handshakeTimeout?: number | undefined

    /**
     * Seconds within which the peer must answer our close frame. If it does not, `close` has code 1006. Default: 30.
     */
    closeTimeout?: number | undefined

    /**
     * Aborting this signal terminates the connection in any state: see `terminate()`. If it was aborted before
     * construction, the socket neither connects nor responds, and emits `close` in the next tick. Default: none.
     */
    signal?: AbortSignal | undefined

    /**
     * Whether a server accepts hixie-75 and hixie-76, the drafts before RFC 6455. They lack the safeguards of the
     * standard, so `false` is safer unless you have such clients. A client ignores this option. Default: unset, which
     * accepts them. With `true`, a request that does not ask for a WebSocket also closes with the code null.
     */
    allowDrafts?: boolean | undefined
  }

  /** Options of {@link WebSocket.Client}. */
  export interface ClientOptions extends ServerOptions {
    /** An HTTP proxy to connect through. Default: none. */
    proxy?: ProxyOptions | undefined

    /**
     * Creates the connection as for `http.request()` or `https.request()`: an agent of Node, or one that connects
     * through a proxy (https-proxy-agent, socks-proxy-agent, proxy-agent). It receives a request that is never written,
     * and the options `net` or `tls`. If its stream is not encrypted, this package adds TLS for a `wss:` URL. Excludes
     * `proxy` and `createConnection`. Default: none.
     */
    agent?: http.Agent | false | null | undefined

    /**
     * Creates the connection: returns a Duplex, or passes one to its callback. If the Duplex is not encrypted, this
     * package adds TLS for a `wss:` URL. Excludes `proxy` and `agent`. Default: none.
     */
    createConnection?: CreateConnection | false | null | undefined

    /**
     * Options for `net.connect()`, for connections without TLS: to a `ws:` server, or to an `http:` proxy. For a `wss:`
     * server and an `https:` proxy, `tls` and `proxy.tls` accept the same options. `host` and `port` always come from
     * the URL. Default: none.
     */
    net?: Partial<net.TcpNetConnectOpts> | undefined

    /**
     * Options for `tls.connect()`, for the connection to a `wss:` server. `servername` defaults to the host of the URL.
     * The transport is native if rustls supports all of these options. Default: none.
     */
    tls?: tls.ConnectionOptions | undefined

    /** Short for `tls: { ca }`. `tls.ca` takes precedence. Default: the certificate authorities that Node trusts. */
    ca?: tls.SecureContextOptions['ca'] | undefined
  }

  /**
   * Returns the stream, or passes the stream or an error to its callback. The stream may still be connecting: the
   * client waits for `connect`, or for `secureConnect` of a TLSSocket, before it writes. Only the first result counts.
   */
  export type CreateConnection = (
    options: CreateConnectionOptions,
    callback: (error?: Error | null, stream?: Stream.Duplex) => void
  ) => Stream.Duplex | null | undefined | void

  /** The options `net`, or `tls` for a `wss:` URL, and the address: for `net.connect()` or `tls.connect()`. */
  export interface CreateConnectionOptions extends tls.ConnectionOptions {
    host: string
    port: number
    /** The path of a Unix socket, for `ws+unix:` and `wss+unix:` URLs. */
    path?: string
    protocol: 'ws:' | 'wss:'
  }

  /** An HTTP proxy that supports `CONNECT`. */
  export interface ProxyOptions {
    /** The URL of the proxy, `http:` or `https:`. Only the proxy receives a user name and password in it. */
    origin: string

    /** Headers to send with the `CONNECT` request. Default: none. */
    headers?: Headers | undefined

    /** Options for `tls.connect()`, for the connection to an `https:` proxy. Default: none. */
    tls?: tls.ConnectionOptions | undefined
  }

  /** Options of {@link WebSocket.EventSource}. */
  export interface EventSourceOptions {
    /** Headers to send with the response. Default: none. */
    headers?: Headers | undefined

    /** Seconds between comments that keep the connection alive. 0 means the default. Default: 10. */
    ping?: number | undefined

    /** Seconds that the client should wait before it reconnects. 0 means the default. Default: 5. */
    retry?: number | undefined
  }

  /** Options of `send()` of {@link WebSocket.EventSource}. They must not contain CR, LF or NUL. */
  export interface SendOptions {
    /** The type of the event. Default: none, which clients treat as `message`. */
    event?: string | undefined

    /** The id of the event. A client that reconnects sends it as `Last-Event-ID`. Default: none. */
    id?: string | number | undefined
  }

  /** The common members of events. */
  export interface Event<Type extends string = string, Target = WebSocket | Client> {
    readonly type: Type
    readonly bubbles: boolean
    readonly cancelable: boolean
    /** 2, "at target". */
    readonly eventPhase: number
    readonly target: Target
    readonly currentTarget: Target
    /** Does nothing. */
    stopPropagation (): void
    /** Does nothing. */
    preventDefault (): void
    initEvent (type: string, bubbles: boolean, cancelable: boolean): void
  }

  /** The handshake is complete. */
  export interface OpenEvent extends Event<'open'> {}

  /** A message has arrived. */
  export interface MessageEvent<Data = string | Buffer> extends Event<'message'> {
    /** A string for a text message; a Buffer or an ArrayBuffer (see `binaryType`) for a binary message. */
    readonly data: Data
  }

  /** The connection has failed. `close` follows. */
  export interface ErrorEvent extends Event<'error'> {
    readonly message: string
  }

  /** The connection is closed. */
  export interface CloseEvent extends Event<'close'> {
    /**
     * The code of the peer's close frame; 1006 if the connection ended without one; null for a draft, which has no
     * codes. With `allowDrafts: false`, and on a client, it is always a number.
     */
    readonly code: number | null

    /** The reason in the peer's close frame, or `''`; null if the code is null. */
    readonly reason: string | null
  }

  /** Listeners by event name, for sockets. */
  export interface SocketEvents {
    open: (event: OpenEvent) => void
    message: (event: MessageEvent) => void
    error: (event: ErrorEvent) => void
    close: (event: CloseEvent) => void
    /** Emitted with the payload of a message, just before its `message` event. */
    data: (data: string | Buffer) => void
    /** Emitted just before `close`. */
    end: () => void
    /** Emitted after `send()` has returned `false` on an open socket: you may send more. */
    drain: () => void
  }

  /** Listeners by event name, for EventSource connections. */
  export interface EventSourceEvents {
    open: (event: Event<'open', EventSource>) => void
    close: (event: Event<'close', EventSource>) => void
    /** Emitted after `send()` has returned `false` on an open connection: you may send more. */
    drain: () => void
  }

  /** A WebSocket extension with the interface of `websocket-extensions`. */
  export type Extension = driver.Extension
}
