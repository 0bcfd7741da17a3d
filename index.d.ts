// The public types, written by hand. They describe the compatible interface and never import binding.d.ts, which
// describes an internal one. Node's own types (@types/node, 18 or newer) must be installed.

/// <reference types="node" />

import Stream = require('stream')
import http = require('http')
import net = require('net')
import tls = require('tls')
import driver = require('./lib/websocket-driver/index.js')

export = WebSocket

/** Instances are streams; the constructors have none of the statics of Node's. */
declare const EventStream: new () => Stream

/** What the server's and the client's socket have in common. Not exported: the two constructors below are. */
declare abstract class Socket extends EventStream {
  /**
   * The URL of the connection: on the server made from the request (`ws://` or `wss://`, the `Host` header and the
   * path), on the client the string passed to the constructor.
   */
  readonly url: string

  /** The protocol version: `'hybi-13'` is RFC 6455, `'hixie-76'` and `'hixie-75'` are the drafts before it. */
  readonly version: driver.Version

  /** The subprotocol that both ends agreed on; `''` before `open` and when there is none. */
  readonly protocol: string

  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: WebSocket.ReadyState

  /** How many bytes have been accepted by {@link send} and not yet been handed to the operating system. */
  readonly bufferedAmount: number

  /**
   * What binary messages are given as to `message` listeners and to `for await`: `'nodebuffer'`, the default, or
   * `'arraybuffer'`. The `data` event, and so `pipe()`, has Buffers in any case. It may be set at any time.
   *
   * @throws TypeError for another value.
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

  /** Called before the listeners of `error`. It is information only: `close` always follows. */
  onerror: ((event: WebSocket.ErrorEvent) => void) | null

  /** Called before the listeners of `close`, exactly once in the life of a socket. */
  onclose: ((event: WebSocket.CloseEvent) => void) | null

  /**
   * Sends a message: bytes of any kind as binary, anything else as the text `String(message)`. Before `open` the message
   * waits and leaves with the handshake.
   *
   * A `Blob` is read first. Messages that are sent meanwhile wait for it, and so does the close frame; pings do not. If
   * it cannot be read, the connection fails with `error` and code 1006.
   *
   * @param message Or what {@link WebSocket.prepare} has made of one.
   * @param options How this message is sent.
   * @param callback Called once and not from inside `send()`: without arguments when the operating system has taken the
   * whole message, with an Error when the message was refused or the connection has ended before.
   * @returns `false` when the message was refused because the socket is closing or closed, or because it is binary and
   * the client speaks a draft; and when the peer does not read fast enough: then wait for `drain` before sending more.
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

  /** The same as {@link send}; makes the socket a destination for `pipe()`. */
  write (message: string | Buffer | WebSocket.Bytes | WebSocket.PreparedMessage): boolean

  /** Sends the message, if there is one, and closes with 1000. Returns nothing; `any` fits NodeJS.WritableStream. */
  end (): any
  end (message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.BlobLike | WebSocket.PreparedMessage): any

  /**
   * Sends a ping.
   *
   * @param message Its payload, at most 125 bytes of UTF-8. Default: `''`.
   * @param callback Called once, without arguments, when the pong with the same payload arrives; replaces the callback
   * of an earlier ping with the same payload; never called if the connection closes first.
   * @returns `false` when the socket is closing or closed, or speaks a draft, which has no pings.
   * @throws RangeError when the message has more than 125 bytes.
   */
  ping (message?: string | null, callback?: () => void): boolean

  /** Stops reading from the peer. */
  pause (): void

  /** Reads again after {@link pause}. */
  resume (): void

  /**
   * Starts the closing handshake. The `close` event follows when the peer answers, after `closeTimeout` with code 1006
   * if it does not, and at once when the connection was not open yet. Calling it again is harmless.
   *
   * @param code 1000, or 3000 to 4999. Default: 1000.
   * @param reason At most 123 bytes of UTF-8; a longer one is cut at a character. Default: `''`.
   * @throws Error when the code is another number.
   */
  close (code?: number, reason?: string): void

  /**
   * Ends the connection at once, in any state and without a closing handshake: `close` is emitted with code 1006 before
   * this returns. What has been sent is offered to the operating system once. Calling it again is harmless.
   */
  terminate (): void

  /**
   * The messages from now on, for `for await (const data of ws)`: strings, and Buffers or what `binaryType` says. While
   * the loop is busy up to 64 messages or 64 KiB are kept, then nothing is read.
   *
   * The loop ends with the connection, once it has had all messages: after a close frame of the peer with any code, and
   * after `close()`, `end()`, `terminate()` or the `signal`. It throws an Error with the text of the `error` event, or
   * when the connection was lost without a close frame. Leaving it early closes the connection with 1000.
   *
   * @throws Error when the socket is being iterated already.
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

  /** The same as `on`. A listener added twice is called twice; `useCapture` has no effect. */
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
 * The server's end of a WebSocket, made from an `upgrade` request.
 *
 * ```js
 * server.on('upgrade', (request, socket, body) => {
 *   if (!WebSocket.isWebSocket(request)) return socket.destroy()
 *   const ws = new WebSocket(request, socket, body)
 *   ws.on('message', (event) => ws.send(event.data))
 * })
 * ```
 *
 * The handshake is sent on the next tick, so listeners added now miss nothing. A request that is no valid handshake is
 * answered with 400; the socket then emits `error` and `close` with code 1002.
 */
declare class WebSocket extends Socket {
  /**
   * @param request The request as the `upgrade` event of a `http` or `https` server gives it.
   * @param socket Its connection: a `net.Socket`, a `tls.TLSSocket` or any other Duplex.
   * @param body The bytes that came behind the request, the third argument of `upgrade`.
   * @param protocols The subprotocols that the server speaks, as an array or separated by commas. The first one that
   * the client asked for is chosen. Default: none.
   * @param options See {@link WebSocket.ServerOptions}.
   * @throws Error `Unrecognized option: …` for an option that does not exist.
   * @throws Error for a header whose name or value contains CR, LF or NUL.
   * @throws RangeError for a `maxLength` or a number of seconds that is no number above 0 (0 and undefined mean the
   * default).
   * @throws TypeError for protocols of another kind, for an extension without the properties it needs, for a
   * `binaryType` or `signal` of another kind, and for a `pingTimeout` without `ping`.
   */
  constructor (
    request: http.IncomingMessage,
    socket: Stream.Duplex,
    body: Uint8Array,
    protocols?: WebSocket.Protocols | null,
    options?: WebSocket.ServerOptions | null
  )

  /** Whether the request asks for a WebSocket: method GET, `Connection: upgrade` and `Upgrade: websocket`. */
  static isWebSocket (request: Pick<http.IncomingMessage, 'method' | 'headers'>): boolean

  /**
   * Refuses options that do not exist.
   *
   * @throws Error `Unrecognized option: …` for the first key of `options` that is not in `validKeys`.
   */
  static validateOptions (options: object | null | undefined, validKeys: readonly string[]): void

  /**
   * Makes a message for many connections, of servers and clients alike. It is converted and framed once; where messages
   * are compressed without context takeover, it is compressed once for all connections with the same parameters.
   * faye-websocket has no such function.
   *
   * @param message As for `send()`. A copy is made: a Buffer may be changed afterwards.
   * @returns What `send()` of any socket of this package takes. It can be sent again and again.
   * @throws TypeError for a Blob, which has to be read first.
   */
  static prepare (
    message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.PreparedMessage
  ): WebSocket.PreparedMessage

  /**
   * Sends a message on all of these sockets that are open, through `send()` of each. The others are left out, and so
   * are those that speak a draft if the message is binary. faye-websocket has no such function.
   *
   * @param connections Sockets of servers, clients, or both: an array, a `Set`, anything with an iterator.
   * @param message As for `send()`; it is {@link prepare prepared} once.
   * @param options As for `send()`.
   * @returns On how many sockets it was sent, also on those whose peers do not read fast enough.
   * @throws TypeError if `connections` cannot be iterated, or has something else in it, and for a Blob; then nothing is
   * sent.
   * @throws What a `send()` has thrown, when all others have the message; an `AggregateError` if there were several.
   */
  static broadcast (
    connections: Iterable<WebSocket | WebSocket.Client>,
    message: WebSocket.Sendable | WebSocket.Bytes | WebSocket.PreparedMessage,
    options?: WebSocket.MessageOptions
  ): number

  /**
   * What runs the protocol: the addon of this machine, or WebAssembly where none loads. `FAYE_WEBSOCKET_RUNTIME` in the
   * environment chooses. faye-websocket has no such property.
   */
  static readonly runtime: 'native' | 'wasm'

  /** Which addon that is, or why it is WebAssembly. A sentence for people: its words may change. */
  static readonly runtimeReason: string
}

/** Only {@link WebSocket.prepare} makes prepared messages. */
declare const prepared: unique symbol

import Itself = WebSocket

declare namespace WebSocket {
  /** The constructor itself, for `const { WebSocket } = require('faye-websocket')`. */
  export { Itself as WebSocket }

  /** The same, for `import WebSocket from` where a compiler reads `default` of a CommonJS module. */
  export { Itself as default }

  /**
   * The client's end of a WebSocket.
   *
   * ```js
   * const ws = new WebSocket.Client('wss://example.com/')
   * ws.on('open', () => ws.send('Hello'))
   * ws.on('message', (event) => console.log(event.data))
   * ```
   *
   * What goes wrong on the way is told by `error` and `close`, never by `open`: code 1006 when the network or TLS
   * fails, code 1002 when the answer is no valid handshake.
   */
  export class Client extends Socket {
    /**
     * @param url A `ws:` or `wss:` URL. A user name and password in it are sent as `Authorization: Basic`. Or
     * `ws+unix:/path/to.sock:/path?query`, likewise `wss+unix:`, with the percent-encoded path of a Unix socket.
     * @param protocols The subprotocols that the client speaks, as an array or separated by commas. Default: none.
     * @param options See {@link WebSocket.ClientOptions}.
     * @throws Error `… is not a valid WebSocket URL`, `… is not a valid proxy URL`.
     * @throws Error `Unrecognized option: …` for an option that does not exist.
     * @throws Error for a header whose name or value contains CR, LF or NUL.
     * @throws RangeError for a `maxLength` or a number of seconds that is no number above 0 (0 and undefined mean the
     * default).
     * @throws TypeError for protocols of another kind, for an extension without the properties it needs, for a
     * `binaryType`, `signal`, `agent` or `createConnection` of another kind, for a `pingTimeout` without `ping`, and for
     * more than one of `proxy`, `agent` and `createConnection`.
     * @throws what `agent` and `createConnection` throw.
     */
    constructor (url: string, protocols?: Protocols | null, options?: ClientOptions | null)

    /** The status of the server's answer, 101 on success; undefined until `open` or `error`. */
    readonly statusCode: number | undefined

    /** The headers of the server's answer, names in lower case; undefined until `open` or `error`. */
    readonly headers: { readonly [name: string]: string } | undefined
  }

  /**
   * An EventSource connection: a response over which the server sends events and the client sends nothing.
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
     * Sends the head of the response and the `retry` field at once. If the connection is gone, does nothing.
     *
     * @throws Error for a header whose name or value contains CR, LF or NUL.
     * @throws RangeError for a `ping` or `retry` that is no number above 0 (0 and undefined mean the default).
     */
    constructor (request: http.IncomingMessage, response: http.ServerResponse, options?: EventSourceOptions | null)

    /** Whether the request asks for events: method GET, and `text/event-stream` in the `Accept` header. */
    static isEventSource (request: Pick<http.IncomingMessage, 'method' | 'headers'>): boolean

    /** The URL of the request, `http://` or `https://`. */
    readonly url: string

    /** The id of the last event that the client saw before it reconnected; `''` if it saw none. */
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

    /** Never called: an EventSource has no `error` event; a connection that fails is closed. */
    onerror: null

    /**
     * Sends an event. Each line of `String(message)` becomes a `data` line.
     *
     * @returns `false` when the connection is closed, and when the client does not read fast enough: then wait for
     * `drain` before sending more.
     */
    send (message: Sendable, options?: SendOptions | null): boolean

    /** The same as {@link send} without options; makes the object a destination for `pipe()`. */
    write (message: string | Buffer): boolean

    /** Sends the message, if there is one, and closes. Returns nothing; `any` fits NodeJS.WritableStream. */
    end (): any
    end (message: Sendable): any

    /** Sends a comment, which clients ignore and which keeps proxies from closing the connection. */
    ping (): boolean

    /** Ends the response. Returns `true` the first time and `false` after that. */
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

  /** What can be sent beside {@link Bytes}: a Buffer as binary, the rest as text. */
  export type Sendable = string | Buffer | number | bigint | boolean

  /** Bytes that are no Buffer, sent as binary. Memory that other threads may write to is copied. */
  export type Bytes = NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer

  /** A Blob or a File, of Node. (The browser's type in the library of TypeScript is another one, and fits as well.) */
  export interface BlobLike {
    readonly size: number
    readonly type: string
    arrayBuffer (): Promise<ArrayBuffer>
    slice (start?: number, end?: number, type?: string): BlobLike
  }

  /** What binary messages are given as. */
  export type BinaryType = 'nodebuffer' | 'arraybuffer'

  /** Options of `send()` of {@link WebSocket} and {@link WebSocket.Client}. faye-websocket has none. */
  export interface MessageOptions {
    /**
     * `false` sends this message uncompressed, although the connection has negotiated permessage-deflate: for what is
     * compressed already, or must not be compressed beside what a peer knows. Default: `true`.
     */
    compress?: boolean | undefined
  }

  /** A message for many connections, made by {@link WebSocket.prepare}. It cannot be looked into or changed. */
  export interface PreparedMessage {
    readonly [prepared]: true
  }

  /** HTTP headers to send. Values are converted with `toString()`; `undefined` sends no header. */
  export interface Headers {
    [name: string]: string | number | boolean | undefined
  }

  /** Options of {@link WebSocket}. */
  export interface ServerOptions {
    /** Headers to send with the handshake. Default: none. */
    headers?: Headers | undefined

    /**
     * Extensions in the manner of `websocket-extensions`, in the order of preference. They are negotiated, and used when
     * both ends agree. `faye-websocket-rs/permessage-deflate` compresses messages in native code; it does so in the place
     * of npm's `permessage-deflate`, too. Default: none.
     */
    extensions?: Extension | readonly Extension[] | undefined

    /**
     * The largest message accepted, in bytes, as it comes and inflated; a larger one closes with 1009. Default: 67108863
     * (64 MiB less one).
     */
    maxLength?: number | undefined

    /**
     * What moves the bytes: `'native'`, the reactor, wherever the socket allows it, or `'stream'`, Node's stream, always.
     * See docs/transports.md for what differs. Default: `'native'`.
     */
    transport?: 'native' | 'stream' | undefined

    /** What binary messages are given as: see the property of that name. Default: `'nodebuffer'`. */
    binaryType?: BinaryType | undefined

    /** Seconds between the pings that keep the connection alive; fractions are allowed. Default: no pings. */
    ping?: number | undefined

    /**
     * Seconds that the peer has to answer each of these pings, RFC 6455 section 5.5.3; if it does not, the connection
     * fails with `error` and code 1006. A pong for a later ping counts. It needs the option `ping`. While the
     * application has paused the connection, nobody is dropped. Default: a missing pong has no effect.
     */
    pingTimeout?: number | undefined

    /**
     * Seconds from here to `open`: for a client all of name resolution, connecting, TLS, the proxy and the opening
     * handshake; for a server the body of a hixie-76 request, all else being there. Then the connection fails with
     * `error` and code 1006. Default: no limit.
     */
    handshakeTimeout?: number | undefined

    /** Seconds that the peer has to answer our close frame, before the connection ends with code 1006. Default: 30. */
    closeTimeout?: number | undefined

    /**
     * Aborting it terminates the connection, in any state: see `terminate()`. If it has been aborted already, nothing
     * is connected or answered, and `close` comes on the next tick. Default: none.
     */
    signal?: AbortSignal | undefined

    /**
     * Whether a server understands hixie-75 and hixie-76, the drafts before RFC 6455. They lack the safeguards of the
     * standard: where no such client has to be served, `false` refuses them. A client ignores it. Default: `true`.
     */
    allowDrafts?: boolean | undefined
  }

  /** Options of {@link WebSocket.Client}. */
  export interface ClientOptions extends ServerOptions {
    /** An HTTP proxy to connect through. Default: none. */
    proxy?: ProxyOptions | undefined

    /**
     * Makes the connection, as it would for `http.request()` or `https.request()`: Node's agents, and those that go
     * through a proxy (https-proxy-agent, socks-proxy-agent, proxy-agent). It is asked with a request that is never
     * written, and has the options `net` or `tls`. If its stream is not encrypted, TLS for a `wss:` URL is ours. Excludes
     * `proxy` and `createConnection`. Default: none.
     */
    agent?: http.Agent | false | null | undefined

    /**
     * Makes the connection: returns a Duplex, or calls back with one. If that is not encrypted, TLS for a `wss:` URL is
     * ours. Excludes `proxy` and `agent`. Default: none.
     */
    createConnection?: CreateConnection | false | null | undefined

    /**
     * Options for `net.connect()`, used when what we connect to is plain: a `ws:` server, or an `http:` proxy whatever
     * the server is. For a `wss:` server and an `https:` proxy, `tls` and `proxy.tls` take the same options. `host` and
     * `port` come from the URL, whatever is given here. Default: none.
     */
    net?: Partial<net.TcpNetConnectOpts> | undefined

    /**
     * Options for `tls.connect()`, used for the connection to a `wss:` server. `servername` defaults to the host of the
     * URL. Default: none. Where rustls does the same as Node with these options, the connection is native.
     */
    tls?: tls.ConnectionOptions | undefined

    /** Short for `tls: { ca }`; `tls.ca` wins. Default: the certificate authorities that Node trusts. */
    ca?: tls.SecureContextOptions['ca'] | undefined
  }

  /**
   * Returns the connection, or calls back with it, or with an error. It may still be connecting: nothing is written
   * before `connect`, or `secureConnect` of a TLSSocket. What is called back after the first answer is ignored.
   */
  export type CreateConnection = (
    options: CreateConnectionOptions,
    callback: (error?: Error | null, stream?: Stream.Duplex) => void
  ) => Stream.Duplex | null | undefined | void

  /** The options `net`, or for a `wss:` URL `tls`, and where to connect. They suit `net.connect()` and `tls.connect()`. */
  export interface CreateConnectionOptions extends tls.ConnectionOptions {
    host: string
    port: number
    /** The path of a Unix socket, for a URL that leads to one. */
    path?: string
    protocol: 'ws:' | 'wss:'
  }

  /** A proxy that is asked to `CONNECT`. */
  export interface ProxyOptions {
    /** The URL of the proxy, `http:` or `https:`. A user name and password in it go to the proxy, and only there. */
    origin: string

    /** Headers to send with the `CONNECT` request. Default: none. */
    headers?: Headers | undefined

    /** Options for `tls.connect()`, used for the connection to an `https:` proxy. Default: none. */
    tls?: tls.ConnectionOptions | undefined
  }

  /** Options of {@link WebSocket.EventSource}. */
  export interface EventSourceOptions {
    /** Headers to send with the response. Default: none. */
    headers?: Headers | undefined

    /** Seconds between the comments that keep the connection alive. Default, also for 0: 10. */
    ping?: number | undefined

    /** Seconds the client should wait before it reconnects. Default, also for 0: 5. */
    retry?: number | undefined
  }

  /** Options of `send()` of {@link WebSocket.EventSource}. Neither may contain CR, LF or NUL. */
  export interface SendOptions {
    /** The type of the event. Default: none, which clients take as `message`. */
    event?: string | undefined

    /** The id of the event, which the client sends back as `Last-Event-ID` when it reconnects. Default: none. */
    id?: string | number | undefined
  }

  /** What an event object of any kind has. */
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
    /** A string for a text message, a Buffer for a binary one, or what `binaryType` says. */
    readonly data: Data
  }

  /** Something went wrong; `close` follows. */
  export interface ErrorEvent extends Event<'error'> {
    readonly message: string
  }

  /** The connection is closed. */
  export interface CloseEvent extends Event<'close'> {
    /**
     * The code of the peer's close frame; 1006 if the connection ended without one; null when a draft, which has no
     * codes, was closed. With `allowDrafts: false`, and on a client, it is always a number.
     */
    readonly code: number | null

    /** The reason in the peer's close frame, `''` if there is none; null where the code is. */
    readonly reason: string | null
  }

  /** Listeners by event name, for sockets. */
  export interface SocketEvents {
    open: (event: OpenEvent) => void
    message: (event: MessageEvent) => void
    error: (event: ErrorEvent) => void
    close: (event: CloseEvent) => void
    /** The payload of a message, just before its `message` event. */
    data: (data: string | Buffer) => void
    /** Just before `close`. */
    end: () => void
    /** After `send()` returned `false` for an open socket: more can be sent. */
    drain: () => void
  }

  /** Listeners by event name, for EventSource connections. */
  export interface EventSourceEvents {
    open: (event: Event<'open', EventSource>) => void
    close: (event: Event<'close', EventSource>) => void
    /** After `send()` returned `false` for an open connection: more can be sent. */
    drain: () => void
  }

  /** A WebSocket extension in the manner of `websocket-extensions`. */
  export type Extension = driver.Extension
}
