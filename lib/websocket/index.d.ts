// The types of faye-websocket-rs/websocket, written by hand. Node's own types (@types/node, 18 or newer) must be
// installed. A program that compiles against @types/websocket 1.0.10 compiles against these: properties have the same
// types, and where one can be null or undefined although its type does not say so, its comment does.

/// <reference types="node" />

import http = require('http')
import https = require('https')
import net = require('net')
import url = require('url')
import { EventEmitter } from 'events'
import deflate = require('../permessage-deflate/index.js')

export = websocket

/** WebSocket servers and clients: a drop-in for the package `websocket`. */
declare namespace websocket {
  /**
   * What runs the protocol: the addon of this machine, or WebAssembly where none loads. `FAYE_WEBSOCKET_RUNTIME` in the
   * environment chooses. The original has no such property.
   */
  export const runtime: 'native' | 'wasm'

  /** Which addon that is, or why it is WebAssembly. A sentence for people: its words may change. */
  export const runtimeReason: string

  /**
   * Accepts WebSocket connections for one or more HTTP servers.
   *
   * ```js
   * const server = new websocket.server({ httpServer: http.createServer().listen(8080) })
   * server.on('request', (request) => {
   *   const connection = request.accept(null, request.origin)
   *   connection.on('message', (message) => {
   *     if (message.type === 'utf8') connection.sendUTF(message.utf8Data)
   *   })
   * })
   * ```
   */
  export class server extends Emitter<ServerEvents> {
    /** What {@link mount} was given, with the defaults; `httpServer` is an array. Undefined before {@link mount}. */
    config?: IServerConfig | undefined

    /** The connections that are open or closing. */
    connections: connection[]

    /** The requests that are neither accepted nor rejected. */
    pendingRequests: request[]

    /** @param serverConfig With it, the server is mounted at once; see {@link mount}. */
    constructor (serverConfig?: IServerConfig)

    /**
     * Listens to the `upgrade` events of the HTTP servers.
     *
     * @param serverConfig Neither changed nor kept: {@link config} is a copy with the defaults.
     * @throws Error `You must specify an httpServer on which to mount the WebSocket server.`
     * @throws TypeError and RangeError for an invalid value.
     */
    mount (serverConfig: IServerConfig): void

    /** Stops listening to `upgrade` events. Connections stay as they are. */
    unmount (): void

    /** Sends a message on every connection: binary for a Buffer, a typed array or a Blob, else text. */
    broadcast (data: Data): void

    /** Sends a binary message on every connection. */
    broadcastBytes (data: Bytes): void

    /** Sends a text message on every connection. */
    broadcastUTF (data: IStringified): void

    /** Closes every connection with 1000, and rejects every pending request with status 503 on the next tick. */
    closeAllConnections (): void

    /** The same as {@link unmount} and {@link closeAllConnections}. */
    shutDown (): void

    /**
     * Listener of the HTTP servers.
     *
     * @param head Bytes that came with the request. Frames in them are received when the request has been accepted.
     */
    handleUpgrade (request: http.IncomingMessage, socket: net.Socket, head?: Buffer): void

    /** Listener of {@link request}. */
    handleRequestAccepted (connection: connection): void

    /** Listener of {@link connection}. */
    handleConnectionClose (connection: connection, closeReason: number, description: string): void

    /** Listener of {@link request}. */
    handleRequestResolved (request: request): void
  }

  /** A WebSocket handshake that a server has received, to be accepted or rejected. */
  export class request extends Emitter<RequestEvents<request>> {
    /** Node's request. */
    httpRequest: http.IncomingMessage

    socket: net.Socket

    /** The `Host` header, with the port if the client has sent it. */
    host: string

    /** The target of the request: the path and the query. */
    resource: string

    /** {@link resource} parsed, with its query as an object. */
    resourceURL: url.UrlWithParsedQuery

    /** The `Sec-WebSocket-Key` header. */
    key: string

    /** The first of {@link remoteAddresses}. */
    remoteAddress: string

    /**
     * The addresses in the `X-Forwarded-For` header, unless the server ignores it, and then the address of the socket.
     */
    remoteAddresses: string[]

    /** The `Origin` header, or `Sec-WebSocket-Origin` for version 8. Undefined when the client has sent none. */
    origin: string

    /** The version of the protocol: 8 or 13. */
    webSocketVersion: number

    /** The extensions that the client offers. Empty when `parseExtensions` is off. */
    requestedExtensions: IRequestedExtension[]

    /** The cookies of the request. The value is null where the client has sent a name only. */
    cookies: ICookie[]

    /** The subprotocols that the client offers, in its order and in lower case. Null when the request is accepted. */
    requestedProtocols: string[]

    /** The subprotocols as the client spells them, by their name in lower case. Null when the request is accepted. */
    protocolFullCaseMap: { [key: string]: string }

    serverConfig: IServerConfig

    /** Whether the request has been accepted or rejected. */
    _resolved: boolean

    /** Whether the socket has ended or closed before the request was accepted. */
    _socketIsClosing: boolean

    constructor (socket: net.Socket, httpRequest: http.IncomingMessage, config: IServerConfig)

    /**
     * Answers the handshake with 101.
     *
     * @param acceptedProtocol One of {@link requestedProtocols}, in lower case, or none.
     * @param allowedOrigin The value of the `Origin` header of the answer. Default: no header.
     * @param cookies To set in the client, a `Set-Cookie` header each. Default: none.
     * @throws Error for a subprotocol that was not requested, for a cookie that cannot be written, and for a request
     * that was accepted or rejected before. The first two answer with status 500.
     */
    accept (acceptedProtocol?: string | null, allowedOrigin?: string | null, cookies?: ICookie[] | null): connection

    /**
     * Answers the handshake with an HTTP error, and ends the socket.
     *
     * @param httpStatus Default: 403.
     * @param reason The value of the `X-WebSocket-Reject-Reason` header. Default: no header.
     * @param extraHeaders More headers of the answer.
     * @throws Error for a request that was accepted or rejected before.
     */
    reject (httpStatus?: number | null, reason?: string | null, extraHeaders?: object | null): void

    /**
     * Reads the headers into the properties above. The server calls it.
     *
     * @throws Error for a handshake that is refused, with `httpCode` and `headers` for the answer if it is not a 400.
     */
    readHandshake (): void

    parseExtensions (extensionString: string | undefined): IRequestedExtension[]

    parseCookies (str: string | undefined): ICookie[]

    _handleSocketCloseBeforeAccept (): void
    _removeSocketCloseListeners (): void
    _verifyResolution (): void
  }

  /** A WebSocket connection, of either end. Servers get it from `accept()`, clients by their event `connect`. */
  export class connection extends Emitter<ConnectionEvents> {
    static readonly CLOSE_REASON_NORMAL: number
    static readonly CLOSE_REASON_GOING_AWAY: number
    static readonly CLOSE_REASON_PROTOCOL_ERROR: number
    static readonly CLOSE_REASON_UNPROCESSABLE_INPUT: number
    static readonly CLOSE_REASON_RESERVED: number
    static readonly CLOSE_REASON_NOT_PROVIDED: number
    static readonly CLOSE_REASON_ABNORMAL: number
    static readonly CLOSE_REASON_INVALID_DATA: number
    static readonly CLOSE_REASON_POLICY_VIOLATION: number
    static readonly CLOSE_REASON_MESSAGE_TOO_BIG: number
    static readonly CLOSE_REASON_EXTENSION_REQUIRED: number
    static readonly CLOSE_REASON_INTERNAL_SERVER_ERROR: number
    static readonly CLOSE_REASON_TLS_HANDSHAKE_FAILED: number

    /** What {@link close} and {@link drop} say by default, by close code. */
    static CLOSE_DESCRIPTIONS: { [code: number]: string }

    /** The socket. A program may read its addresses; its bytes are the connection's. */
    socket: net.Socket

    config: IConfig

    /** The subprotocol, in lower case on a server. Null or undefined when there is none. */
    protocol: string

    /** The names of the extensions in use: none, or `permessage-deflate`. */
    extensions: string[]

    /** The address of the peer. On a server, the first of {@link remoteAddresses}. */
    remoteAddress: string

    /** On a server, those of the request. */
    remoteAddresses?: string[]

    /** The version of the protocol: 8 or 13. */
    webSocketVersion: number

    /** True until one of the ends begins to close. */
    connected: boolean

    /** `'open'`, `'peer_requested_close'`, `'ending'` or `'closed'`. */
    state: string

    /** The close code, once the connection is closed; -1 before. */
    closeReasonCode: number

    /** The close reason, once the connection is closed; null before. */
    closeDescription: string

    closeEventEmitted: boolean

    /** Whether frames are masked, as a client has to. */
    maskOutgoingPackets: boolean

    /** As in the configuration, in milliseconds. */
    closeTimeout: number

    /** As in the configuration. */
    assembleFragments: boolean

    /** As in the configuration, in bytes. */
    maxReceivedMessageSize: number

    /** Whether the last message was not taken by the operating system at once: `drain` follows. */
    outputBufferFull: boolean

    /** Whether {@link pause} was called, and not {@link resume} since. */
    inputPaused: boolean

    /** Whether the peer has ended its half of the TCP connection. */
    receivedEnd: boolean

    waitingForCloseResponse: boolean

    /** Whether the socket was closed by an error; undefined while it is open. */
    socketHadError: boolean

    maskBytes: Buffer
    frameHeader: Buffer
    fragmentationSize: number
    frameQueue: frame[]

    /**
     * Programs get connections from {@link request.accept} and {@link client.connect}.
     *
     * @throws Error for `keepalive` without the numbers that it needs.
     */
    constructor (
      socket: net.Socket,
      extensions: string[],
      protocol: string | null | undefined,
      maskOutgoingPackets: boolean,
      config: IConfig
    )

    /**
     * Sends a binary message for bytes, else the text `data.toString()`.
     *
     * @param cb Called when the operating system has taken the message, or with the error that prevents it. What is
     * sent after the closing handshake has begun gets an error.
     * @throws Error `Data provided must either be a Node Buffer or implement toString()`
     */
    send (data: Data, cb?: SendCallback): void

    /**
     * Sends a text message.
     *
     * @param cb As that of {@link send}.
     */
    sendUTF (data: IStringified, cb?: SendCallback): void

    /**
     * Sends a binary message.
     *
     * @param cb As that of {@link send}.
     * @throws Error `You must pass a Node Buffer object to WebSocketConnection.prototype.sendBytes()`
     */
    sendBytes (buffer: Bytes, cb?: SendCallback): void

    /**
     * Sends a ping.
     *
     * @param data Bytes, but for Blobs, or a value with a text. Above 125 bytes, it is cut to 124.
     */
    ping (data?: Buffer | IStringified | null): void

    /**
     * Sends a pong. Pings of the peer are answered without it.
     *
     * @param data As that of {@link ping}.
     */
    pong (data?: Buffer | IStringified | null): void

    /**
     * Begins the closing handshake. The event `close` follows when the peer has answered, at the latest after
     * `closeTimeout`. Does nothing if the closing handshake has begun.
     *
     * @param reasonCode 1000 to 1003, 1007 to 1015, or 3000 to 4999. Default: 1000.
     * @param description The close reason. Default: that of {@link CLOSE_DESCRIPTIONS}.
     * @throws Error `Close code … is not valid.`
     */
    close (reasonCode?: number | null, description?: string | null): void

    /**
     * Sends a close frame, emits `close` and destroys the socket, without waiting for the peer.
     *
     * @param reasonCode Default: 1002.
     * @param description Default: that of {@link CLOSE_DESCRIPTIONS}.
     * @param skipCloseFrame Whether to send no close frame. Default: `false`.
     */
    drop (reasonCode?: number | null, description?: string | null, skipCloseFrame?: boolean): void

    /** Stops reading, and with it the messages. Emits `pause`. */
    pause (): void

    /** Goes on reading. Emits `resume`. */
    resume (): void

    /**
     * Sends one frame as it is, masked if {@link maskOutgoingPackets} says so.
     *
     * @returns `false` when the operating system has not taken it at once: `drain` follows.
     */
    sendFrame (frame: frame, cb?: SendCallback): boolean

    /**
     * Sends a frame of data, in fragments where the configuration says so.
     *
     * @throws Error `You cannot fragment control frames.`
     */
    fragmentAndSend (frame: frame, cb?: SendCallback): void

    /** Sends a close frame and ends our half of the socket, if none was sent before. */
    sendCloseFrame (reasonCode?: number | null, reasonText?: string | null, cb?: SendCallback): void

    /** Handles a frame as if the peer had sent it. Is not called for the frames of the peer. */
    processFrame (frame: frame): void

    /** Handles bytes as if the peer had sent them. Is called for those that come with the answer to a client. */
    handleSocketData (data: Buffer): void

    /** @deprecated Does not exist, and is not called if a program defines it. */
    processReceivedData?: (() => void) | undefined

    /** @deprecated Is always undefined. `listenerCount('ping')` counts the listeners. */
    _pingListenerCount?: number | undefined

    handleSocketError (error: Error): void
    handleSocketEnd (): void
    handleSocketClose (hadError: boolean): void
    handleSocketDrain (): void
    handleSocketPause (): void
    handleSocketResume (): void

    setKeepaliveTimer (): void
    clearKeepaliveTimer (): void
    handleKeepaliveTimer (): void
    setGracePeriodTimer (): void
    clearGracePeriodTimer (): void
    handleGracePeriodTimer (): void
    setCloseTimer (): void
    clearCloseTimer (): void
    handleCloseTimer (): void

    _addSocketEventListeners (): void
  }

  /** A frame: one to send by {@link connection.sendFrame}, or one that the event `frame` gives. */
  export class frame {
    /** Whether the frame is the last one of its message. */
    fin: boolean

    /** Reserved. A peer fails the connection when one is set. */
    rsv1: boolean
    rsv2: boolean
    rsv3: boolean

    /** Whether the frame is masked: 1 or true, 0 or false. */
    mask: number

    /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
    opcode: number

    /** Of a received frame: the length of the payload in bytes. */
    length: number

    /** The payload, of text frames too. A close frame's begins behind the close code. */
    binaryPayload: Buffer

    /** The close code of a close frame; -1 when there is none. */
    closeStatus: number

    maskBytes: Buffer
    frameHeader: Buffer
    config: IConfig

    /** In bytes. */
    maxReceivedFrameSize: number

    /** Whether the frame breaks the protocol; {@link dropReason} says how. */
    protocolError: boolean

    /** Whether the payload is longer than {@link maxReceivedFrameSize}. */
    frameTooLarge: boolean

    dropReason: string

    /** Whether it is a close frame with a payload of one byte. */
    invalidCloseFrameLength: boolean

    parseState: number

    /**
     * @param maskBytes 4 bytes, to keep a masking key in.
     * @param frameHeader 10 bytes, to keep a header in.
     * @param config Of a connection: its `maxReceivedFrameSize` counts.
     */
    constructor (maskBytes: Buffer, frameHeader: Buffer, config: IConfig)

    /** Reads the frame from the bytes. Returns `true` when it is complete or wrong, `false` when more are needed. */
    addData (bufferList: IBufferList): boolean

    /** Skips the payload. Returns `true` when all of it was there. */
    throwAwayPayload (bufferList: IBufferList): boolean

    /**
     * The frame as it travels.
     *
     * @param nullMask Whether a masked frame has the masking key 0 instead of a random one. Default: `false`.
     */
    toBuffer (nullMask?: boolean): Buffer

    /** Describes the frame: opcode, FIN, length, and whether it has a payload and is masked. */
    toString (): string
  }

  /**
   * Connects to WebSocket servers.
   *
   * ```js
   * const client = new websocket.client()
   * client.on('connectFailed', (error) => console.error(error.message))
   * client.on('connect', (connection) => connection.sendUTF('Hello'))
   * client.connect('ws://localhost:8080/')
   * ```
   */
  export class client extends Emitter<ClientEvents> {
    /** What the constructor was given, with the defaults. */
    config: IClientConfig

    /** The URL that {@link connect} was given, parsed. This and what follows are undefined before. */
    url: url.Url

    /** Whether the URL begins with `wss:`. */
    secure: boolean

    protocols: string[]
    origin: string | null | undefined

    /** The value of the `Sec-WebSocket-Key` header. */
    base64nonce: string

    /** The answer of the server. Undefined before. */
    response: http.IncomingMessage

    /** Undefined before the answer. */
    socket: net.Socket

    /** The subprotocol of the answer. Undefined before, and when none was asked for. */
    protocol: string

    /** What came with the answer. Null when the connection has received it. */
    firstDataChunk: Buffer | null

    /**
     * @param ClientConfig Not kept; its `tlsOptions` are moved to {@link config}, and so deleted from it.
     * @throws Error `Requested webSocketVersion is not supported. Allowed values are 8 and 13.`
     * @throws TypeError and RangeError for an invalid value.
     */
    constructor (ClientConfig?: IClientConfig | null)

    /**
     * Connects. Either `connect` or `connectFailed` follows, or `httpResponse`.
     *
     * @param requestUrl Begins with `ws:` (default port 80) or `wss:` (443).
     * @param requestedProtocols The subprotocols to offer. If there are any, the server must choose one.
     * @param origin The value of the `Origin` header. Default: no header.
     * @param headers More headers of the request.
     * @param extraRequestOptions For `http.request()` or `https.request()`, for example an `agent`.
     * @throws Error for a URL without protocol or host, and for a subprotocol that is no token.
     */
    connect (
      requestUrl: url.Url | url.URL | string,
      requestedProtocols?: string | string[] | null,
      origin?: string | null,
      headers?: http.OutgoingHttpHeaders | null,
      extraRequestOptions?: http.RequestOptions | https.RequestOptions | null
    ): void

    /** Aborts the request: `connectFailed` follows. Does nothing when the request has been answered. */
    abort (): void

    validateHandshake (): void
    failHandshake (errorDescription: string): void
    succeedHandshake (): void
  }

  /** Calls a handler for each request of a server, chosen by path and subprotocol. */
  export class router extends Emitter<{}> {
    config: IRouterConfig
    handlers: IRouterHandler[]

    /** The server that the router is attached to. */
    server?: server | null

    constructor (config?: Partial<IRouterConfig> | null)

    /** @throws Error `You must specify a WebSocketServer instance to attach to.` */
    attachServer (server: server): void

    /** @throws Error `Cannot detach from server: not attached.` */
    detachServer (): void

    /**
     * Adds a handler.
     *
     * @param path A whole path, `'*'` for any, or a regular expression.
     * @param protocol A subprotocol, `'*'` for any, or nothing for requests that offer none.
     * @throws Error when the path or the callback is missing, and when there is such a handler.
     */
    mount (
      path: string | RegExp,
      protocol: string | null | undefined,
      callback: (request: IRouterRequest) => void
    ): void

    /**
     * Removes a handler.
     *
     * @throws Error `Unable to find a route matching the specified path and protocol.`
     */
    unmount (path: string | RegExp, protocol?: string): void

    findHandlerIndex (pathString: string, protocol: string): number
    pathToRegExp (path: string | RegExp): RegExp

    /** Listener of {@link server}. */
    handleRequest (request: request): void
  }

  /** The request that a handler of a {@link router} gets. */
  export interface IRouterRequest extends Emitter<RequestEvents<IRouterRequest>> {
    /** The request of the server. */
    webSocketRequest: request

    /** The subprotocol that has matched; null when the client offers none. */
    protocol: string | null

    /** From here on: as of a {@link request}. */
    origin: string
    resource: string
    resourceURL: url.UrlWithParsedQuery
    httpRequest: http.IncomingMessage
    remoteAddress: string
    webSocketVersion: number
    requestedExtensions: IRequestedExtension[]
    cookies: ICookie[]

    /** The same as {@link request.accept}, with {@link protocol}. */
    accept (allowedOrigin?: string | null, cookies?: ICookie[] | null): connection

    /** The same as {@link request.reject}. */
    reject (httpStatus?: number | null, reason?: string | null, extraHeaders?: object | null): void
  }

  /** A client with the interface of the browser's `WebSocket`. */
  export class w3cwebsocket {
    static readonly CONNECTING: number
    static readonly OPEN: number
    static readonly CLOSING: number
    static readonly CLOSED: number

    readonly CONNECTING: number
    readonly OPEN: number
    readonly CLOSING: number
    readonly CLOSED: number

    readonly url: string

    /** 0 connecting, 1 open, 2 closing, 3 closed. */
    readonly readyState: number

    /** The subprotocol. Undefined before `open`, and when none was asked for. */
    readonly protocol?: string | undefined

    /** `''` before `open`, then those of {@link connection.extensions}. */
    readonly extensions: string[]

    /** Bytes that {@link send} has accepted and the operating system has not taken yet. */
    readonly bufferedAmount: number

    /** @throws SyntaxError for another value. */
    binaryType: 'arraybuffer'

    /** From here on: called before the listeners of the event. Undefined unless a program sets it. */
    get onopen (): (event?: any) => void
    set onopen (handler: ((event: IEvent) => void) | null | undefined)

    get onmessage (): (event?: any) => void
    set onmessage (handler: ((event: IMessageEvent) => void) | null | undefined)

    /** The connection could not be opened; `close` follows. */
    get onerror (): (event?: any) => void
    set onerror (handler: ((event: IErrorEvent) => void) | null | undefined)

    get onclose (): (event?: any) => void
    set onclose (handler: ((event: ICloseEvent) => void) | null | undefined)

    _url: string
    _readyState: number
    _protocol?: string | undefined
    _extensions: string[]
    _bufferedAmount: number
    _binaryType: 'arraybuffer'
    _connection?: connection | undefined
    _client: client

    /**
     * Connects at once.
     *
     * @param url Begins with `ws:` or `wss:`. This and the next four are those of {@link client.connect}.
     * @param clientConfig That of a {@link client}. Its `assembleFragments` is set to true.
     * @throws Error What {@link client.connect} throws.
     */
    constructor (
      url: string,
      protocols?: string | string[] | null,
      origin?: string | null,
      headers?: http.OutgoingHttpHeaders | null,
      requestOptions?: http.RequestOptions | https.RequestOptions | null,
      clientConfig?: IClientConfig | null
    )

    /**
     * Sends a string as text, and bytes as a binary message.
     *
     * @throws Error `cannot call send() while not connected`
     * @throws Error `unknown binary data:` for anything else.
     */
    send (data: string | String | Bytes): void

    /**
     * Closes.
     *
     * @param code 1000 to 1003, 1007 to 1015, or 3000 to 4999. Default: 1000.
     * @param reason Default: that of {@link connection.CLOSE_DESCRIPTIONS}.
     * @throws Error `Close code … is not valid.`
     */
    close (code?: number, reason?: string): void

    addEventListener<Name extends keyof W3CEvents> (type: Name, listener: (event: W3CEvents[Name]) => void): void
    addEventListener (type: string, listener: (event: any) => void): void
    removeEventListener<Name extends keyof W3CEvents> (type: Name, listener: (event: W3CEvents[Name]) => void): void
    removeEventListener (type: string, listener: (event: any) => void): void

    /**
     * Calls the handler and the listeners of the event's type.
     *
     * @returns `false` when the event has a true `defaultPrevented`.
     * @throws Error `` `event` must have a valid `type` property ``
     */
    dispatchEvent (event: { type: string, defaultPrevented?: boolean }): boolean
  }

  /** Warnings about names of earlier versions. There are none. */
  export const deprecation: {
    disableWarnings: boolean
    deprecationWarningMap: { [name: string]: string }
    warn (deprecationName: string): void
  }

  /** The version of `websocket` that this interface is that of. */
  export const version: string

  /** The configuration of servers and clients. Other keys are kept and have no effect. */
  export interface IConfig {
    /**
     * The largest frame that is received, in bytes; a larger one fails the connection with 1009. A compressed
     * frame counts as it comes. Default: 65536 (64 KiB) for a server, 1048576 (1 MiB) for a client.
     */
    maxReceivedFrameSize?: number | undefined

    /**
     * The largest message that is received in fragments, or inflated, in bytes; a larger one fails the connection with
     * 1009. Default: 1048576 (1 MiB) for a server, 8388608 (8 MiB) for a client.
     */
    maxReceivedMessageSize?: number | undefined

    /** Whether messages above `fragmentationThreshold` are sent in fragments. Default: `true`. */
    fragmentOutgoingMessages?: boolean | undefined

    /** The size of these fragments, in bytes; `Infinity` for none. Default: 16384 (16 KiB). */
    fragmentationThreshold?: number | undefined

    /**
     * Whether messages are delivered by the event `message`. With `false`, every frame is delivered by the event
     * `frame` instead, and neither the order of fragments nor the encoding of text is checked. Default: `true`.
     */
    assembleFragments?: boolean | undefined

    /** How long the peer has to answer our close frame, in milliseconds. Default: 5000. */
    closeTimeout?: number | undefined

    /** Whether small writes leave without delay (`TCP_NODELAY`). Default: `true`. */
    disableNagleAlgorithm?: boolean | undefined

    /** Whether idle connections are kept alive by pings. Default: `true` for a server, off for a client. */
    keepalive?: boolean | undefined

    /**
     * How long the peer may be silent before a ping is sent, in milliseconds. Default: 20000 for a server, none for a
     * client.
     */
    keepaliveInterval?: number | undefined

    /** Whether a connection is dropped that does not answer such a ping. Default: `true` for a server. */
    dropConnectionOnKeepaliveTimeout?: boolean | undefined

    /** How long the peer has to answer it, in milliseconds. Default: 10000 for a server, none for a client. */
    keepaliveGracePeriod?: number | undefined

    /** Whether TCP's keep-alive takes the place of pings. Default: `false`. */
    useNativeKeepalive?: boolean | undefined

    /**
     * Whether messages are compressed by permessage-deflate (RFC 7692), if the peer agrees: a server accepts it, a
     * client offers it. Default: `false`.
     */
    perMessageDeflate?: boolean | IDeflateOptions | undefined

    /**
     * Whether handshakes that RFC 6455 forbids are refused although the original takes them: by a server with status
     * 400 or 426, by a client with `connectFailed`. Default: `true`.
     */
    strictHandshake?: boolean | undefined

    /**
     * Whether a server requires clients to mask their frames, and a client requires a server not to. With `false`,
     * masked and unmasked frames are taken. Default: `true`.
     */
    requireMasking?: boolean | undefined

    /** What moves the bytes: natively where that is possible, or Node's streams only. Default: `'native'`. */
    transport?: 'native' | 'stream' | undefined
  }

  /** The options of `faye-websocket-rs/permessage-deflate`, except `zlib`. */
  export interface IDeflateOptions extends Omit<deflate.Options, 'zlib'> {}

  export interface IServerConfig extends IConfig {
    /** The HTTP servers whose `upgrade` events are handled: `http` or `https`. */
    httpServer: http.Server | https.Server | Array<http.Server | https.Server>

    /** Whether every request is accepted, with the first subprotocol that it offers. Default: `false`. */
    autoAcceptConnections?: boolean | undefined

    /**
     * Whether the `X-Forwarded-For` header is ignored. Any client can send one: set this to `true` unless a proxy of
     * yours writes it. Default: `false`.
     */
    ignoreXForwardedFor?: boolean | undefined

    /** Whether the `Cookie` header is parsed. Default: `true`. */
    parseCookies?: boolean | undefined

    /** Whether the `Sec-WebSocket-Extensions` header is parsed. Default: `true`. */
    parseExtensions?: boolean | undefined
  }

  export interface IClientConfig extends IConfig {
    /** The version of the protocol: 13, or 8. It decides the name of the `Origin` header. Default: 13. */
    webSocketVersion?: number | undefined

    /** For `https.request()`, when the URL begins with `wss:`. Certificates are verified unless it says otherwise. */
    tlsOptions?: https.RequestOptions | undefined
  }

  export interface IRouterConfig {
    /** The server whose requests are handled. */
    server: server
  }

  export interface IRouterHandler {
    path: RegExp
    pathString: string
    protocol: string
    callback: (request: IRouterRequest) => void
  }

  /** A cookie of a request, or one to set by {@link request.accept}. */
  export interface ICookie {
    name: string
    value: string
    path?: string | undefined
    domain?: string | undefined
    expires?: Date | undefined
    /** In seconds. */
    maxage?: number | undefined
    secure?: boolean | undefined
    httponly?: boolean | undefined
  }

  /** @deprecated Extensions in use are named by strings. */
  export interface IExtension {
    name: string
    value: string
  }

  /** An extension that a client offers. */
  export interface IRequestedExtension {
    name: string
    params: Array<{ name: string, value: string | undefined }>
  }

  /** A value with a text. */
  export interface IStringified {
    toString: (...args: any[]) => string
  }

  /** Bytes, which are sent as a binary message. A Blob is read first, and messages that are sent after it wait. */
  export type Bytes = NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer | BlobLike

  /** A Blob or a File, of Node. (The browser's type in the library of TypeScript is another one, and fits as well.) */
  export interface BlobLike {
    readonly size: number
    readonly type: string
    arrayBuffer (): Promise<ArrayBuffer>
    slice (start?: number, end?: number, type?: string): BlobLike
  }

  /** The data of a message: bytes, or a value with a text. */
  export type Data = Bytes | IStringified

  /** Called once: without an error when the operating system has taken the message, or else with an error. */
  export type SendCallback = (err?: Error) => void

  export interface IUtf8Message {
    type: 'utf8'
    utf8Data: string
    binaryData?: undefined
  }

  export interface IBinaryMessage {
    type: 'binary'
    binaryData: Buffer
    utf8Data?: undefined
  }

  export type Message = IUtf8Message | IBinaryMessage

  /** Received bytes, as {@link frame.addData} reads them. */
  export interface IBufferList extends EventEmitter {
    encoding: string
    length: number
    write (buf: Buffer): boolean
    end (buf: Buffer): void
    push (): void
    forEach (fn: (buf: Buffer) => boolean): void
    join (start: number, end: number): Buffer
    joinInto (buf: Buffer, offset: number, start: number, end: number): Buffer
    advance (n: number): IBufferList
    take (n: number, encoding?: string): any
    take (encoding?: string): any
    toString (): string
  }

  /** An event of a {@link w3cwebsocket}. */
  export interface IEvent {
    readonly type: string
    readonly isTrusted: false
    readonly cancelable: true
    readonly target: w3cwebsocket

    /** No more listeners are called. */
    stopImmediatePropagation (): void
  }

  export interface IMessageEvent extends IEvent {
    /** A string or an ArrayBuffer. It is never a Buffer, which is here because @types/websocket has it. */
    readonly data: string | Buffer | ArrayBuffer
  }

  export interface ICloseEvent extends IEvent {
    readonly code: number
    readonly reason: string

    /** Whether the code is 1000. */
    readonly wasClean: boolean
  }

  /** The event `error`. It does not tell what has failed. In @types/websocket it is an Error. */
  export interface IErrorEvent extends IEvent {
    /** @deprecated The event has no such property. */
    name: string
    /** @deprecated The event has no such property. */
    message: string
  }

  /** Events of a {@link w3cwebsocket} by type. */
  export interface W3CEvents {
    open: IEvent
    message: IMessageEvent
    error: IErrorEvent
    close: ICloseEvent
  }

  /** Listeners of a {@link server} by event name. */
  export interface ServerEvents {
    /** A handshake to accept or reject. Not emitted with `autoAcceptConnections`. */
    request: (request: request) => void

    /** A request has been accepted. */
    connect: (connection: connection) => void

    /** A connection has closed. */
    close: (connection: connection, reason: number, desc: string) => void

    /** A handshake has been refused. */
    upgradeError: (error: Error) => void
  }

  /** Listeners of a {@link request} or an {@link IRouterRequest} by event name. */
  export interface RequestEvents<Request> {
    /** Of a {@link request}: it is accepted or rejected. */
    requestResolved: (request: Request) => void
    requestRejected: (request: Request) => void
    requestAccepted: (connection: connection) => void
  }

  /** Listeners of a {@link connection} by event name. */
  export interface ConnectionEvents {
    message: (data: Message) => void

    /** A frame; only with `assembleFragments: false`. */
    frame: (frame: frame) => void

    /** The connection is closed. */
    close: (code: number, desc: string) => void

    /** The socket has failed; `close` follows. Needs no listener. */
    error: (err: Error) => void

    /** The operating system has taken the messages that waited. */
    drain: () => void
    pause: () => void
    resume: () => void

    /** A ping. It is answered unless the listener calls `cancel()`. */
    ping: (cancel: () => void, binaryPayload: Buffer) => void
    pong: (binaryPayload: Buffer) => void
  }

  /** Listeners of a {@link client} by event name. */
  export interface ClientEvents {
    connect: (connection: connection) => void
    connectFailed: (err: Error) => void

    /** The server has answered with another status than 101. With a listener, `connectFailed` is not emitted. */
    httpResponse: (response: http.IncomingMessage, client: client) => void
  }
}

/** An EventEmitter with known events. Listeners of other events take anything. */
declare class Emitter<Events> extends EventEmitter {
  on<Name extends keyof Events> (event: Name, listener: Events[Name]): this
  on<Name extends string | symbol> (event: Other<Name, Events>, listener: Listener): this
  once<Name extends keyof Events> (event: Name, listener: Events[Name]): this
  once<Name extends string | symbol> (event: Other<Name, Events>, listener: Listener): this
  off<Name extends keyof Events> (event: Name, listener: Events[Name]): this
  off<Name extends string | symbol> (event: Other<Name, Events>, listener: Listener): this
  addListener<Name extends keyof Events> (event: Name, listener: Events[Name]): this
  addListener<Name extends string | symbol> (event: Other<Name, Events>, listener: Listener): this
  removeListener<Name extends keyof Events> (event: Name, listener: Events[Name]): this
  removeListener<Name extends string | symbol> (event: Other<Name, Events>, listener: Listener): this
  prependListener<Name extends keyof Events> (event: Name, listener: Events[Name]): this
  prependListener<Name extends string | symbol> (event: Other<Name, Events>, listener: Listener): this
  prependOnceListener<Name extends keyof Events> (event: Name, listener: Events[Name]): this
  prependOnceListener<Name extends string | symbol> (event: Other<Name, Events>, listener: Listener): this
}

type Other<Name, Events> = Name extends keyof Events ? never : Name
type Listener = (...args: any[]) => void
