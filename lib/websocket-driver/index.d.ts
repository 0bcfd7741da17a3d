// The types of faye-websocket-rs/websocket-driver, written by hand. They require the types of Node: @types/node 18 or
// newer.

/// <reference types="node" />

import Stream = require('stream')
import nodeHttp = require('http')
import { EventEmitter } from 'events'

export = websocket

/**
 * The WebSocket protocol without a socket: a driver parses the bytes of a connection, and emits bytes, events and
 * messages. The program moves the bytes between driver and socket.
 */
declare namespace websocket {
  /**
   * Returns a server's driver for a request that Node has parsed.
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
   * @param request A request of an `http.Server`, or an object with the same properties.
   * @param options See {@link Options}. If `requireMasking` is undefined, the function writes its default into this
   * object.
   * @throws Error `Unrecognized option: …` for an option that does not exist.
   * @throws RangeError for a `maxLength` that is not above 0 (0 and undefined mean the default).
   * @throws TypeError for `protocols` that are neither a string nor an array, or contain control characters.
   */
  export function http (request: Request, options?: Options | null): HttpDriver

  /**
   * Returns a server's driver for a raw connection. It parses the request, then emits `connect`. Calls before that are
   * queued.
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
   * @param options See {@link Options}. If `requireMasking` is undefined, the function writes its default into this
   * object.
   * @throws Error `Unrecognized option: …` for an option that does not exist. When the request has arrived, the driver
   * throws the other errors of {@link http}.
   */
  export function server (options?: Options | null): Server

  /**
   * Returns a client's driver.
   *
   * @param url A `ws:` or `wss:` URL, or an object with such a URL as `href`. If it contains both a user name and a
   * password, the driver sends them as `Authorization: Basic`.
   * @param options See {@link Options}. If `masking` is undefined, the function writes its default into this object.
   * @throws Error `… is not a valid WebSocket URL`, and the errors of {@link http}.
   */
  export function client<Url extends string | { readonly href: string }> (
    url: Url,
    options?: Options | null
  ): Client<Url>

  /** Returns whether a request asks for a WebSocket: method GET, `Connection: upgrade` and `Upgrade: websocket`. */
  export function isWebSocket (request: Pick<nodeHttp.IncomingMessage, 'method' | 'headers'> | Server): boolean

  /** Returns whether the client sent the request over TLS, to this server or to a proxy that reports it in a header. */
  export function isSecureRequest (request: { connection?: unknown, socket?: unknown, headers?: object }): boolean

  /**
   * Checks the names of options.
   *
   * @returns The options, or `{}` without options.
   * @throws Error `Unrecognized option: …` for the first key of `options` that is not in `validKeys`.
   */
  export function validateOptions<Given extends object> (options: Given, validKeys: readonly string[]): Given
  export function validateOptions (options: null | undefined, validKeys: readonly string[]): {}

  /**
   * How the core runs: `'native'`, as the addon of this machine, or `'wasm'`, as WebAssembly if no addon loads. The
   * environment variable `FAYE_WEBSOCKET_RUNTIME` forces one of them. websocket-driver has no such property.
   */
  export const runtime: 'native' | 'wasm'

  /** The name of the addon, or the reason for WebAssembly. For people: the text may change in any version. */
  export const runtimeReason: string

  /** The properties of a request that {@link http} uses. */
  export type Request = Pick<nodeHttp.IncomingMessage, 'method' | 'url' | 'headers'> &
    Partial<Pick<nodeHttp.IncomingMessage, 'httpVersion' | 'connection' | 'socket'>>

  /** Options of drivers. */
  export interface Options {
    /**
     * The maximum length of a received message in bytes, as received and after inflating. A longer message closes the
     * connection with 1009. Default: 67108863 (64 MiB - 1).
     */
    maxLength?: number | undefined

    /**
     * The subprotocols that a server supports or a client offers, as an array or separated by commas. A server selects
     * the first one in the client's order. Default: none.
     */
    protocols?: string | readonly string[] | undefined

    /**
     * Whether a server accepts hixie-75 and hixie-76, the drafts before RFC 6455. They lack the safeguards of the
     * standard, so `false` is safer unless you have such clients. `true` treats every request without headers of RFC
     * 6455 as one of a draft. Default: a server accepts a draft if the request asks for a WebSocket.
     */
    allowDrafts?: boolean | undefined

    /** Whether the driver masks its frames. RFC 6455 requires masking of clients only. Default: `true` for clients. */
    masking?: boolean | undefined

    /**
     * Whether the peer must mask its frames. With `false`, a server accepts masked and unmasked frames. Default: `true`
     * for servers; a client refuses masked frames, unless this is `true`.
     */
    requireMasking?: boolean | undefined
  }

  /** RFC 6455, or one of the drafts before it. */
  export type Version = 'hybi-13' | 'hixie-76' | 'hixie-75'

  /** 0 connecting, 1 open, 2 closing, 3 closed; -1 on a client before {@link Driver.start}. */
  export type ReadyState = -1 | 0 | 1 | 2 | 3

  /** Headers of the peer, with names in lower case. The driver joins the values of a repeated header with `', '`. */
  export interface Headers {
    readonly [name: string]: string
  }

  /** Bytes for a driver. The driver encodes a string as UTF-8. */
  export type Chunk = Uint8Array | readonly number[] | string

  /**
   * A connection without a socket. Methods and events are synchronous, with two exceptions: messages that an
   * asynchronous session of an extension processes, and large messages that are compressed or inflated. Messages after
   * such a message wait for it.
   */
  export interface Driver<Events extends DriverEvents = DriverEvents> extends Emitter<Events> {
    /** The stream of bytes, to pipe to and from a socket. */
    readonly io: IO

    /** The stream of messages. */
    readonly messages: Messages

    /**
     * The negotiated subprotocol. On a server, it is set from the start, and `undefined` without a subprotocol. On a
     * client, it is set after the response, and `null` if the response contains no subprotocol that was offered.
     */
    readonly protocol: string | null | undefined

    /** See {@link ReadyState}. */
    readonly readyState: ReadyState

    /** Returns the name of {@link readyState}; `null` for -1. */
    getState (): 'connecting' | 'open' | 'closing' | 'closed' | null

    /**
     * Registers an extension before {@link start}. The order of calls is the order of preference.
     *
     * @returns `false` for the drafts, which have no extensions.
     * @throws TypeError for an extension without the required properties, and for a second one of the same name.
     */
    addExtension (extension: Extension): boolean

    /**
     * Adds a header to the handshake. The driver converts the value with `toString()`; `undefined` adds no header. On a
     * server these headers come before ours and replace them. On a client they come after ours and do not replace them.
     *
     * @returns `false` if the handshake has been sent.
     * @throws TypeError if the name is not a token, or the value contains CR, LF or NUL.
     */
    setHeader (name: string, value: string | number | boolean | undefined): boolean

    /**
     * Begins the opening handshake. A client sends its request. A server sends its response: 101, or 400, after which
     * `error` and `close` follow.
     *
     * Bytes that have arrived before wait for it. At 64 KiB, `io.write()` returns `false` until the start. More than
     * 1 MiB fails the handshake.
     *
     * @returns `true` if a handshake was sent.
     */
    start (): boolean

    /** Parses bytes as `io.write()` does, even if `io` is not writable. */
    parse (chunk: Chunk): void

    /**
     * Sends a text message. Before `open`, the message waits for the handshake.
     *
     * @returns `false` if the driver is closing or closed.
     */
    text (message: string | number | Uint8Array): boolean

    /**
     * Sends a binary message. Before `open`, the message waits for the handshake.
     *
     * @returns `false` if the driver is closing or closed, and for the drafts, which have no binary messages.
     */
    binary (message: Uint8Array | readonly number[] | string | number): boolean

    /**
     * Sends one frame.
     *
     * @param type Default: `'text'` for a string or a number, `'binary'` for bytes.
     * @param code The code of a `close` frame. `data` is its reason.
     * @returns The result of the method for that type. While the driver is closing, `true` for a message, although the
     * driver does not send it.
     */
    frame (
      data: string | number | Uint8Array | readonly number[],
      type?: 'text' | 'binary' | 'ping' | 'pong' | 'close',
      code?: number
    ): boolean

    /**
     * Sends a ping. The driver answers pings of the peer by itself.
     *
     * @param message The payload, at most 125 bytes. Default: `''`.
     * @param callback Called once, without arguments, when a pong with the same payload arrives. It replaces the
     * callback of an earlier ping with the same payload. Not called if the connection closes before.
     * @returns `false` if the driver is closing or closed, and for the drafts.
     * @throws RangeError if the payload has more than 125 bytes.
     */
    ping (message?: string | number | Uint8Array | null, callback?: () => void): boolean

    /** Sends an unsolicited pong. Results and errors are those of {@link ping}. */
    pong (message?: string | number | Uint8Array | null): boolean

    /**
     * Begins the closing handshake. `close` follows when the peer answers, without a time limit. Before `open`, and for
     * the drafts, the driver closes at once.
     *
     * @param reason At most 123 bytes; the driver cuts a longer reason between two characters. Default: `''`.
     * @param code Default: 1000.
     * @returns `false` if the driver is closing or closed.
     * @throws RangeError for a code that RFC 6455 section 7.4 does not allow in a close frame.
     */
    close (reason?: string, code?: number): boolean
  }

  /** The driver that {@link http} returns. */
  export interface HttpDriver extends Driver {
    /** `ws://` or `wss://`, the `Host` header and the path. */
    readonly url: string

    readonly version: Version
  }

  /** The driver that {@link server} returns. Its `readyState` is always 0, its `getState()` always `'connecting'`. */
  export interface Server extends Driver<ServerEvents> {
    /** The method of the request; undefined before `connect`, and if the bytes were not an HTTP request. */
    readonly method: string | undefined

    /** The target of the request, for example `/chat?room=1`; undefined in the same cases as {@link method}. */
    readonly url: string | undefined

    /** `'1.1'` or `'1.0'`; undefined in the same cases as {@link method}. */
    readonly httpVersion: string | undefined

    /** The headers of the request; undefined before `connect`, and empty if the bytes were not an HTTP request. */
    readonly headers: Headers

    /** The bytes after the request in the same chunk; undefined before `connect`. */
    readonly body: Buffer | undefined

    /** Undefined before `connect`. */
    readonly version: Version | undefined

    /** Does nothing. */
    pong (): false
  }

  /** The driver that {@link client} returns. */
  export interface Client<Url = string> extends Driver {
    /** The argument of {@link client}. */
    readonly url: Url

    readonly version: 'hybi-13'

    /** The status code of the server's response, 101 on success; undefined before `open` or `error`. */
    readonly statusCode: number | undefined

    /** The headers of the server's response; undefined before `open` or `error`. */
    readonly headers: Headers | undefined

    /**
     * Returns a stream that requests a tunnel from a proxy. When it emits `connect`, start the driver on the same
     * socket.
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
     * @param origin The URL of the proxy. Only the proxy receives a user name and a password in it.
     * @throws Error `… is not a valid proxy URL`.
     */
    proxy (origin: string | { readonly href: string }): Proxy
  }

  /** Sends a `CONNECT` request to an HTTP proxy: a duplex stream, to pipe to and from the socket of the proxy. */
  export interface Proxy extends Streaming<ProxyEvents> {
    readable: boolean
    writable: boolean

    /** The status code of the proxy's response; undefined before the response, and if it was not HTTP. */
    readonly statusCode: number | undefined

    /** The headers of the proxy's response; undefined before the response. */
    readonly headers: Headers | undefined

    /**
     * Adds a header to the request, as {@link Driver.setHeader} does.
     *
     * @returns `false` after {@link start}.
     */
    setHeader (name: string, value: string | number | boolean | undefined): boolean

    /** Sends the request. Returns `false` if the request was sent before. */
    start (): boolean

    /** Parses bytes from the proxy. Returns `false` while paused, and after the proxy's response. */
    write (chunk: Chunk): boolean
    end (): any
    end (chunk: Chunk): any
    pause (): void
    resume (): void
    destroy (): void
  }

  /**
   * The stream of bytes: parses bytes of the peer, and emits bytes for the peer, one frame at a time. It buffers
   * nothing. After `pause()` it still accepts bytes, but `write()` returns `false`.
   */
  export interface IO extends Streaming<IOEvents> {
    readable: boolean

    /** False after `end()`. The stream ignores later chunks. */
    writable: boolean

    /** Parses bytes. Returns `false` while paused: stop reading until `drain`. */
    write (chunk: Chunk): boolean

    /**
     * Ends {@link Messages}, because the socket has ended. Emits no `close`. The type `any` fits NodeJS.WritableStream.
     */
    end (): any
    end (chunk: Chunk): any

    /** Reports that the socket is full: `write()` here and in {@link Messages} returns `false` from now on. */
    pause (): void

    /** Reports that the socket has drained: emits `drain` here and in {@link Messages}. */
    resume (): void

    /** The same as `end()`. */
    destroy (): void
  }

  /** The stream of messages, in both directions: strings are text, Buffers are binary. */
  export interface Messages extends Streaming<MessagesEvents> {
    /** Both are false after the driver has closed or `io` has ended. */
    readable: boolean
    writable: boolean

    /** Sends a message. Returns `false` if the socket is full or the stream has ended. */
    write (message: string | Uint8Array | readonly number[]): boolean

    /** Sends the message, if given. Does not close the connection: you may pipe many streams into one. */
    end (): any
    end (message: string | Uint8Array | readonly number[]): any

    /** Reports a slow reader: `io.write()` returns `false` from now on. The driver still emits messages. */
    pause (): void

    /** Reports that the reader is ready: `io` emits `drain`. */
    resume (): void

    /** Does nothing. */
    destroy (): void
  }

  /** The handshake is complete. */
  export interface OpenEvent {}

  /** A request has arrived, or a proxy has opened a tunnel. */
  export interface ConnectEvent {}

  /** A message has arrived. */
  export interface MessageEvent {
    /** A string for a text message, a Buffer for a binary message. */
    readonly data: string | Buffer
  }

  /** A ping has arrived, and the driver has answered it. */
  export interface PingEvent {
    readonly data: string
  }

  /** A pong has arrived. */
  export interface PongEvent {
    readonly data: string
  }

  /** The connection is closed. The program must end the socket. */
  export interface CloseEvent {
    /** The code of the peer's close frame, or of the failure; null for the drafts, which have no codes. */
    readonly code: number | null

    /** The reason of the peer's close frame, or of the failure; null for the drafts. */
    readonly reason: string | null
  }

  /** Listeners by event name, for drivers. */
  export interface DriverEvents {
    open: (event: OpenEvent) => void
    message: (event: MessageEvent) => void
    ping: (event: PingEvent) => void
    pong: (event: PongEvent) => void
    /** A violation of the protocol by the peer. `close` follows. It requires no listener. */
    error: (error: Error) => void
    close: (event: CloseEvent) => void
  }

  /** Listeners by event name, for {@link Server}. */
  export interface ServerEvents extends DriverEvents {
    /** The request has arrived. Check it, then call `start()`. */
    connect: (event: ConnectEvent) => void
  }

  /** Listeners by event name, for {@link Proxy}. */
  export interface ProxyEvents {
    /** Bytes for the proxy. */
    data: (chunk: Buffer) => void
    /** The proxy has opened the tunnel. */
    connect: (event: ConnectEvent) => void
    /** `Can't establish a connection to the server at …`: the proxy has refused. */
    error: (error: Error) => void
    /** Emitted after `connect` or `error`. */
    close: () => void
    /** Emitted after `close`. */
    end: () => void
    drain: () => void
  }

  /** Listeners by event name, for {@link IO}. */
  export interface IOEvents {
    /** Bytes for the peer: a head or a frame. */
    data: (chunk: Buffer) => void
    /** You may write more. */
    drain: () => void
  }

  /** Listeners by event name, for {@link Messages}. */
  export interface MessagesEvents {
    data: (message: string | Buffer) => void
    /** The `error` of the driver. It requires no listener. */
    error: (error: Error) => void
    /** The driver has closed, or `io` has ended. */
    end: () => void
    /** You may send more. */
    drain: () => void
  }

  /**
   * A WebSocket extension with the interface of the websocket-extensions framework: your own, or permessage-deflate. Of
   * permessage-deflate, from this package or from npm, the driver uses the options only: it compresses in native code.
   */
  export interface Extension {
    /** The name in `Sec-WebSocket-Extensions`. */
    readonly name: string
    /** The only supported type. */
    readonly type: 'permessage'
    /**
     * Whether the extension uses this bit. The driver does not use an extension if an earlier one uses the same bit.
     */
    readonly rsv1: boolean
    readonly rsv2: boolean
    readonly rsv3: boolean

    /** Returns a client's session, or a falsy value to offer nothing. */
    createClientSession (options: SessionOptions): ClientSession | null | undefined | false

    /** Returns a server's session for the client's offers, which are in order, or a falsy value to decline them. */
    createServerSession (
      offers: ReceivedParameters[],
      options: SessionOptions
    ): ServerSession | null | undefined | false
  }

  /** The limits of a session. */
  export interface SessionOptions {
    /** The `maxLength` of the driver: the maximum length of a message that a session returns. */
    readonly maxLength: number
  }

  /** An extension in use on one connection. */
  export interface Session {
    /** Transforms a message of the peer. It may be asynchronous: messages keep their order. */
    processIncomingMessage (message: ExtensionMessage, callback: SessionCallback): void

    /** Transforms a message for the peer. It may be asynchronous: messages keep their order. */
    processOutgoingMessage (message: ExtensionMessage, callback: SessionCallback): void

    /** Called once, after the session has processed all messages. */
    close (): void
  }

  /** A session of a client. */
  export interface ClientSession extends Session {
    /** Returns one or more offers in order of preference, or a falsy value. */
    generateOffer (): ExtensionParameters | ExtensionParameters[] | null | undefined | false

    /** Accepts the parameters of the server's response. A result other than `true` fails the handshake. */
    activate (parameters: ReceivedParameters): boolean
  }

  /** A session of a server. */
  export interface ServerSession extends Session {
    /** Returns the parameters of the response. */
    generateResponse (): ExtensionParameters
  }

  /** A message that sessions transform. */
  export interface ExtensionMessage {
    rsv1: boolean
    rsv2: boolean
    rsv3: boolean
    /** 1 for text, 2 for binary. */
    opcode: number
    data: Buffer
  }

  /**
   * Receives the transformed message, or an error. An error closes the connection with 1010, or with the code in its
   * `type`: a number, or a name such as `'too_large'`.
   */
  export type SessionCallback = (error: SessionError | null | undefined, message?: ExtensionMessage) => void

  /** An error of a session. */
  export interface SessionError extends Error {
    type?: string | number
  }

  /** Parameters of an extension: `true` for a parameter without a value, an array for a repeated parameter. */
  export interface ExtensionParameters {
    [name: string]: true | number | string | ReadonlyArray<true | number | string>
  }

  /** Parameters as the peer has sent them. The driver converts numeric values to numbers. */
  export interface ReceivedParameters {
    [name: string]: true | number | string | Array<true | number | string>
  }

  /** Typed listeners for known events. Other events have the types of EventEmitter. */
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
