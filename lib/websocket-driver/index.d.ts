// The types of faye-websocket-rs/websocket-driver, written by hand. They describe the compatible interface. Node's own
// types (@types/node, 18 or newer) must be installed.

/// <reference types="node" />

import Stream = require('stream')
import nodeHttp = require('http')
import { EventEmitter } from 'events'

export = websocket

/**
 * The WebSocket protocol without a socket: a driver takes the bytes of a connection in and gives bytes, events and
 * messages out. What moves the bytes is up to the program.
 */
declare namespace websocket {
  /**
   * A server's end of a connection whose request Node has parsed.
   *
   * ```js
   * server.on('upgrade', (request, socket, body) => {
   *   if (!websocket.isWebSocket(request)) return socket.destroy()
   *   const driver = websocket.http(request)
   *   driver.on('message', ({ data }) => console.log(data))
   *   driver.on('close', () => socket.destroySoon())
   *   driver.io.write(body)
   *   socket.pipe(driver.io).pipe(socket)
   *   driver.start()
   * })
   * ```
   *
   * @param request Of an `http.Server`, or an object with the same properties.
   * @param options See {@link Options}. `requireMasking` is written into it when it is undefined.
   * @throws Error `Unrecognized option: …` for an option that does not exist.
   * @throws RangeError for a `maxLength` that is no number above 0 (0 and undefined mean the default).
   * @throws TypeError for `protocols` that are neither a string nor an array, or have control characters.
   */
  export function http (request: Request, options?: Options | null): HttpDriver

  /**
   * A server's end of a raw connection. Reads the request itself, then emits `connect`; what is called before that
   * waits for it.
   *
   * ```js
   * net.createServer((socket) => {
   *   const driver = websocket.server()
   *   driver.on('connect', () => websocket.isWebSocket(driver) ? driver.start() : socket.destroy())
   *   driver.on('close', () => socket.destroySoon())
   *   socket.on('error', () => socket.destroy())
   *   socket.pipe(driver.io).pipe(socket)
   * })
   * ```
   *
   * @param options See {@link Options}. `requireMasking` is written into it when it is undefined.
   * @throws Error `Unrecognized option: …` for an option that does not exist. The others that {@link http} throws are
   * thrown when the request has arrived.
   */
  export function server (options?: Options | null): Server

  /**
   * A client's end of a connection.
   *
   * @param url A `ws:` or `wss:` URL, or an object whose `href` is one. When it has both a user name and a password,
   * they are sent as `Authorization: Basic`.
   * @param options See {@link Options}. `masking` is written into it when it is undefined.
   * @throws Error `… is not a valid WebSocket URL`, and what {@link http} throws.
   */
  export function client<Url extends string | { readonly href: string }> (
    url: Url,
    options?: Options | null
  ): Client<Url>

  /** Whether the request asks for a WebSocket: method GET, `Connection: upgrade` and `Upgrade: websocket`. */
  export function isWebSocket (request: Pick<nodeHttp.IncomingMessage, 'method' | 'headers'> | Server): boolean

  /** Whether the request came over TLS, to this server or to a proxy in front that says so in a header. */
  export function isSecureRequest (request: { connection?: unknown, socket?: unknown, headers?: object }): boolean

  /**
   * Refuses options that do not exist.
   *
   * @returns The options, or `{}` when there are none.
   * @throws Error `Unrecognized option: …` for the first key of `options` that is not in `validKeys`.
   */
  export function validateOptions<Given extends object> (options: Given, validKeys: readonly string[]): Given
  export function validateOptions (options: null | undefined, validKeys: readonly string[]): {}

  /**
   * What runs the protocol: the addon of this machine, or WebAssembly where none loads. `FAYE_WEBSOCKET_RUNTIME` in the
   * environment chooses. websocket-driver has no such property.
   */
  export const runtime: 'native' | 'wasm'

  /** Which addon that is, or why it is WebAssembly. A sentence for people: its words may change. */
  export const runtimeReason: string

  /** What {@link http} reads of a request. */
  export type Request = Pick<nodeHttp.IncomingMessage, 'method' | 'url' | 'headers'> &
    Partial<Pick<nodeHttp.IncomingMessage, 'httpVersion' | 'connection' | 'socket'>>

  /** What a driver is told when it is made. */
  export interface Options {
    /**
     * The largest message accepted, in bytes, as it comes and inflated; a larger one closes with 1009. Default: 67108863
     * (64 MiB less one).
     */
    maxLength?: number | undefined

    /** The subprotocols that a server speaks or a client offers: an array, or separated by commas. Default: none. */
    protocols?: string | readonly string[] | undefined

    /**
     * Whether a server understands hixie-75 and hixie-76, the drafts before RFC 6455. They lack the safeguards of the
     * standard: where no such client has to be served, `false` refuses them. Default: where a request asks for a
     * WebSocket; with `true`, all requests without headers of RFC 6455 count as theirs.
     */
    allowDrafts?: boolean | undefined

    /** Whether frames are masked. RFC 6455 wants that of clients only. Default: `true` for clients. */
    masking?: boolean | undefined

    /**
     * Whether the frames of the peer must be masked. A server that says `false` takes both kinds. Default: `true` for
     * servers; a client refuses masked frames, unless it says `true`.
     */
    requireMasking?: boolean | undefined
  }

  /** RFC 6455, or one of the drafts before it. */
  export type Version = 'hybi-13' | 'hixie-76' | 'hixie-75'

  /** -1 a client before {@link Driver.start}, 0 connecting, 1 open, 2 closing, 3 closed. */
  export type ReadyState = -1 | 0 | 1 | 2 | 3

  /** Headers of the peer, names in lower case; the values of a repeated one joined with `', '`. */
  export interface Headers {
    readonly [name: string]: string
  }

  /** Bytes for a driver. A string stands for its UTF-8. */
  export type Chunk = Uint8Array | readonly number[] | string

  /**
   * A connection without a socket. Everything is synchronous, except what waits for a session of an extension, or for a
   * large message that is compressed or inflated, and what comes behind it.
   */
  export interface Driver<Events extends DriverEvents = DriverEvents> extends Emitter<Events> {
    /** The wire, to be piped to and from a socket. */
    readonly io: IO

    /** What travels over it. */
    readonly messages: Messages

    /**
     * The subprotocol agreed on. Of a server known from the beginning, and `undefined` if there is none; of a client
     * known with the answer, and `null` if that names none, or one that was not offered.
     */
    readonly protocol: string | null | undefined

    /** See {@link ReadyState}. */
    readonly readyState: ReadyState

    /** {@link readyState} in words; `null` for -1. */
    getState (): 'connecting' | 'open' | 'closing' | 'closed' | null

    /**
     * Registers an extension, in the order of preference, before {@link start}.
     *
     * @returns `false` for the drafts, which have none.
     * @throws TypeError for an extension without the properties it needs, and for a second one of the same name.
     */
    addExtension (extension: Extension): boolean

    /**
     * Adds a header to the handshake. Values are converted with `toString()`; `undefined` adds none. A server's come
     * first and win over our own, a client's come last and do not.
     *
     * @returns `false` when it is too late.
     * @throws TypeError when the name is no token, or the value contains CR, LF or NUL.
     */
    setHeader (name: string, value: string | number | boolean | undefined): boolean

    /**
     * Starts the opening handshake. A client sends its request, a server its answer: 101, or else 400, and then `error`
     * and `close` follow.
     *
     * What has arrived before waits for it. From 64 KiB on, `io.write()` returns `false` until then; more than 1 MiB
     * fails the handshake.
     *
     * @returns `true` if a handshake was sent.
     */
    start (): boolean

    /** The same as `io.write`, whatever the streams say. */
    parse (chunk: Chunk): void

    /**
     * Sends a text. Before `open` it waits and leaves right behind the handshake.
     *
     * @returns `false` when the driver is closing or closed.
     */
    text (message: string | number | Uint8Array): boolean

    /** Sends a binary message, likewise. The drafts have none: then it returns `false`. */
    binary (message: Uint8Array | readonly number[] | string | number): boolean

    /**
     * Sends one frame: of that type, or else text for a string or a number, and binary for bytes.
     *
     * @param code Of a `close` frame, whose data are the reason.
     * @returns As the method for that type; but `true` for a message while the driver is closing, which is not sent.
     */
    frame (
      data: string | number | Uint8Array | readonly number[],
      type?: 'text' | 'binary' | 'ping' | 'pong' | 'close',
      code?: number
    ): boolean

    /**
     * Sends a ping. Pings of the peer are answered without being asked.
     *
     * @param message Its payload, at most 125 bytes. Default: `''`.
     * @param callback Called once, without arguments, when the pong with the same payload arrives; replaces the
     * callback of an earlier ping with the same payload; never called if the connection closes first.
     * @returns `false` when the driver is closing or closed, and for the drafts.
     * @throws RangeError above 125 bytes.
     */
    ping (message?: string | number | Uint8Array | null, callback?: () => void): boolean

    /** Sends an unsolicited pong. Returns and throws what {@link ping} does. */
    pong (message?: string | number | Uint8Array | null): boolean

    /**
     * Starts the closing handshake; `close` follows when the peer answers. There is no limit of time. A driver that is
     * not open yet is closed at once, and so is one of the drafts.
     *
     * @param reason Default: `''`. Above 123 bytes it is cut between two characters.
     * @param code Default: 1000.
     * @returns `false` when the driver is closing or closed already.
     * @throws RangeError for a code that must not be on the wire.
     */
    close (reason?: string, code?: number): boolean
  }

  /** What {@link http} makes. */
  export interface HttpDriver extends Driver {
    /** `ws://` or `wss://`, the `Host` header and the path. */
    readonly url: string

    readonly version: Version
  }

  /** What {@link server} makes. Its `readyState` and its `getState()` always say "connecting". */
  export interface Server extends Driver<ServerEvents> {
    /** The method of the request; undefined until `connect`, and if what came was not HTTP. */
    readonly method: string | undefined

    /** The target of the request, for example `/chat?room=1`; undefined as {@link method} is. */
    readonly url: string | undefined

    /** `'1.1'` or `'1.0'`; undefined as {@link method} is. */
    readonly httpVersion: string | undefined

    /** The headers of the request; undefined until `connect`, and empty if what came was not HTTP. */
    readonly headers: Headers

    /** What came in one packet with the end of the request; undefined until `connect`. */
    readonly body: Buffer | undefined

    /** Undefined until `connect`. */
    readonly version: Version | undefined

    /** Sends nothing. */
    pong (): false
  }

  /** What {@link client} makes. */
  export interface Client<Url = string> extends Driver {
    /** As given. */
    readonly url: Url

    readonly version: 'hybi-13'

    /** The status of the server's answer, 101 on success; undefined until `open` or `error`. */
    readonly statusCode: number | undefined

    /** The headers of the server's answer; undefined until `open` or `error`. */
    readonly headers: Headers | undefined

    /**
     * Makes a stream that asks a proxy for a tunnel. When it emits `connect`, start the driver on the same socket.
     *
     * ```js
     * const proxy = driver.proxy('http://user:password@localhost:8080')
     * const socket = net.connect(8080, 'localhost', () => proxy.start())
     * proxy.on('connect', () => {
     *   socket.unpipe(proxy)
     *   socket.pipe(driver.io).pipe(socket)
     *   driver.start()
     * })
     * proxy.on('error', (error) => console.error(error.message, proxy.statusCode))
     * socket.pipe(proxy).pipe(socket, { end: false })
     * ```
     *
     * @param origin The URL of the proxy. A user name and a password in it go to the proxy, and only there.
     * @throws Error `… is not a valid proxy URL`.
     */
    proxy (origin: string | { readonly href: string }): Proxy
  }

  /** Asks an HTTP proxy to `CONNECT`: a duplex stream, to be piped to and from the socket that leads to the proxy. */
  export interface Proxy extends Streaming<ProxyEvents> {
    readable: boolean
    writable: boolean

    /** The status of the proxy's answer; undefined before, and if it was not HTTP. */
    readonly statusCode: number | undefined

    /** The headers of the proxy's answer; undefined before. */
    readonly headers: Headers | undefined

    /**
     * Adds a header to the request, as {@link Driver.setHeader} does.
     *
     * @returns `false` after {@link start}.
     */
    setHeader (name: string, value: string | number | boolean | undefined): boolean

    /** Sends the request. Returns `false` the second time. */
    start (): boolean

    /** Takes bytes from the proxy. Returns `false` when paused, and when the proxy has answered. */
    write (chunk: Chunk): boolean
    end (): any
    end (chunk: Chunk): any
    pause (): void
    resume (): void
    destroy (): void
  }

  /**
   * The wire: takes the bytes of the peer and emits those for the peer, each frame by itself. Nothing is buffered:
   * `pause()` is advice, which `write()` passes on by returning `false`.
   */
  export interface IO extends Streaming<IOEvents> {
    readable: boolean

    /** False after `end()`: what comes then is ignored. */
    writable: boolean

    /** Parses. Returns `false` when paused: read no more until `drain`. */
    write (chunk: Chunk): boolean

    /** The socket has ended. Ends {@link Messages} and emits no `close`. `any` fits NodeJS.WritableStream. */
    end (): any
    end (chunk: Chunk): any

    /** The socket is full: `write()` here and in {@link Messages} returns `false` from now on. */
    pause (): void

    /** The socket has drained: emits `drain` here and in {@link Messages}. */
    resume (): void

    /** The same as `end()`. */
    destroy (): void
  }

  /** The messages, in both directions: strings are text, Buffers are binary. */
  export interface Messages extends Streaming<MessagesEvents> {
    /** Both false when the driver has closed or `io` has ended. */
    readable: boolean
    writable: boolean

    /** Sends a message. Returns `false` when the socket is full or the stream has ended. */
    write (message: string | Uint8Array | readonly number[]): boolean

    /** Sends the message, if there is one. Closes nothing: many streams may be piped into one connection. */
    end (): any
    end (message: string | Uint8Array | readonly number[]): any

    /** The reader is slow: `io.write()` returns `false` from now on. Messages still come. */
    pause (): void

    /** The reader is ready: `io` emits `drain`. */
    resume (): void

    /** Does nothing. */
    destroy (): void
  }

  /** The handshake is complete. */
  export interface OpenEvent {}

  /** A request has arrived, or a proxy has made a tunnel. */
  export interface ConnectEvent {}

  /** A message has arrived. */
  export interface MessageEvent {
    /** A string for a text message, a Buffer for a binary one. */
    readonly data: string | Buffer
  }

  /** A ping has arrived and been answered. */
  export interface PingEvent {
    readonly data: string
  }

  /** A pong has arrived. */
  export interface PongEvent {
    readonly data: string
  }

  /** The connection is closed, as far as the protocol goes. What remains is to end the socket. */
  export interface CloseEvent {
    /** The code of the peer's close frame, or of what went wrong; null for the drafts, which have none. */
    readonly code: number | null

    /** The reason that goes with it; null for the drafts. */
    readonly reason: string | null
  }

  /** Listeners by event name, for drivers. */
  export interface DriverEvents {
    open: (event: OpenEvent) => void
    message: (event: MessageEvent) => void
    ping: (event: PingEvent) => void
    pong: (event: PongEvent) => void
    /** What the peer has done wrong; `close` follows. Needs no listener. */
    error: (error: Error) => void
    close: (event: CloseEvent) => void
  }

  /** Listeners by event name, for what {@link server} makes. */
  export interface ServerEvents extends DriverEvents {
    /** The request has arrived. Look at it, then `start()`. */
    connect: (event: ConnectEvent) => void
  }

  /** Listeners by event name, for {@link Proxy}. */
  export interface ProxyEvents {
    /** Bytes for the proxy. */
    data: (chunk: Buffer) => void
    /** The tunnel is there. */
    connect: (event: ConnectEvent) => void
    /** `Can't establish a connection to the server at …`: the proxy refused. */
    error: (error: Error) => void
    /** After `connect` or `error`: the proxy has had its say. */
    close: () => void
    /** After `close`. */
    end: () => void
    drain: () => void
  }

  /** Listeners by event name, for {@link IO}. */
  export interface IOEvents {
    /** Bytes for the peer: a head or a frame. */
    data: (chunk: Buffer) => void
    /** More may be written. */
    drain: () => void
  }

  /** Listeners by event name, for {@link Messages}. */
  export interface MessagesEvents {
    data: (message: string | Buffer) => void
    /** The same as the driver's. Needs no listener. */
    error: (error: Error) => void
    /** The driver has closed, or `io` has ended. */
    end: () => void
    /** More may be sent. */
    drain: () => void
  }

  /**
   * A WebSocket extension in the manner of the websocket-extensions framework: one's own, or permessage-deflate. Of
   * that, this package's and npm's, a driver takes the options, and compresses in native code itself.
   */
  export interface Extension {
    /** As in `Sec-WebSocket-Extensions`. */
    readonly name: string
    /** There is no other kind. */
    readonly type: 'permessage'
    /** Whether it uses this bit. An extension whose bits are taken by an earlier one is not used. */
    readonly rsv1: boolean
    readonly rsv2: boolean
    readonly rsv3: boolean

    /** What a client offers. Nothing, if it does not want to. */
    createClientSession (options: SessionOptions): ClientSession | null | undefined | false

    /** What a server answers to the client's offers, in their order. Nothing declines them. */
    createServerSession (
      offers: ReceivedParameters[],
      options: SessionOptions
    ): ServerSession | null | undefined | false
  }

  /** What sessions are told. */
  export interface SessionOptions {
    /** The driver's option, or its default: what comes out of a session may not be longer. */
    readonly maxLength: number
  }

  /** An extension at work on one connection. */
  export interface Session {
    /** Transforms a message of the peer. May take its time: the order of the messages is kept. */
    processIncomingMessage (message: ExtensionMessage, callback: SessionCallback): void

    /** Transforms a message for the peer, likewise. */
    processOutgoingMessage (message: ExtensionMessage, callback: SessionCallback): void

    /** Called once, when all messages have come out. */
    close (): void
  }

  /** A session of a client. */
  export interface ClientSession extends Session {
    /** The parameters to offer, several in the order of preference, or nothing. */
    generateOffer (): ExtensionParameters | ExtensionParameters[] | null | undefined | false

    /** The parameters that the server has chosen. Anything but `true` fails the handshake. */
    activate (parameters: ReceivedParameters): boolean
  }

  /** A session of a server. */
  export interface ServerSession extends Session {
    /** The parameters to answer with. */
    generateResponse (): ExtensionParameters
  }

  /** A message on its way through sessions. */
  export interface ExtensionMessage {
    rsv1: boolean
    rsv2: boolean
    rsv3: boolean
    /** 1 for text, 2 for binary. */
    opcode: number
    data: Buffer
  }

  /**
   * Takes the message, or what is wrong with it. An error closes the connection with 1010, or with the code that its
   * `type` says: a number, or a name such as `'too_large'`.
   */
  export type SessionCallback = (error: SessionError | null | undefined, message?: ExtensionMessage) => void

  /** An error of a session. */
  export interface SessionError extends Error {
    type?: string | number
  }

  /** Parameters of an extension: `true` for one without a value, an array for a repeated one. */
  export interface ExtensionParameters {
    [name: string]: true | number | string | ReadonlyArray<true | number | string>
  }

  /** The same, as the peer sent them: what looks like a number is one. */
  export interface ReceivedParameters {
    [name: string]: true | number | string | Array<true | number | string>
  }

  /** Registering listeners for known events; other events are as of any EventEmitter. */
  export interface Listening<Events> {
    on<Name extends keyof Events> (name: Name, listener: Events[Name]): this
    once<Name extends keyof Events> (name: Name, listener: Events[Name]): this
    addListener<Name extends keyof Events> (name: Name, listener: Events[Name]): this
    prependListener<Name extends keyof Events> (name: Name, listener: Events[Name]): this
    prependOnceListener<Name extends keyof Events> (name: Name, listener: Events[Name]): this
  }

  /** An EventEmitter with known events. */
  export type Emitter<Events> = Listening<Events> & EventEmitter

  /** A stream of Node's first kind with known events. */
  export type Streaming<Events> = Listening<Events> & Stream
}
