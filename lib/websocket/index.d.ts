// The types of faye-websocket-rs/websocket, written by hand. They require the types of Node (@types/node 18 or newer).
// A program that compiles with @types/websocket 1.0.10 compiles with these, so properties have the same types. If a
// property can be null or undefined although its type does not include that, the comment says so.

/// <reference types="node" />

import http = require('http')
import https = require('https')
import net = require('net')
import url = require('url')
import { EventEmitter } from 'events'
import deflate = require('../permessage-deflate/index.js')

export = websocket

/** WebSocket servers and clients (RFC 6455): a drop-in replacement for the package `websocket` 1.0.35, the original. */
declare namespace websocket {
  /**
   * The implementation in use: the native addon, or WebAssembly if no addon loads. The environment variable
   * `FAYE_WEBSOCKET_RUNTIME` overrides the choice. The original has no such property.
   */
  export const runtime: 'native' | 'wasm'

  /** The addon in use, or the reason for WebAssembly. A sentence for people, whose wording may change. */
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
    /**
     * A copy of the configuration passed to {@link mount}, with the defaults. `httpServer` is an array. Undefined
     * before {@link mount}.
     */
    config?: IServerConfig | undefined

    /** The open and the closing connections. */
    connections: connection[]

    /** The requests that the program has neither accepted nor rejected. */
    pendingRequests: request[]

    /** @param serverConfig If given, the constructor calls {@link mount}. */
    constructor (serverConfig?: IServerConfig)

    /**
     * Listens to the `upgrade` events of the HTTP servers.
     *
     * @param serverConfig Copied to {@link config}, and not changed.
     * @throws Error `You must specify an httpServer on which to mount the WebSocket server.`
     * @throws TypeError or RangeError for an invalid value.
     */
    mount (serverConfig: IServerConfig): void

    /** Stops listening to `upgrade` events. Open connections stay open. */
    unmount (): void

    /**
     * Sends a message on every connection: a binary message for a Buffer, a typed array, an ArrayBuffer or a Blob,
     * otherwise the text `data.toString()`.
     */
    broadcast (data: Data): void

    /** Sends a binary message on every connection. */
    broadcastBytes (data: Bytes): void

    /** Sends a text message on every connection. */
    broadcastUTF (data: IStringified): void

    /** Closes every connection with code 1000, and rejects every pending request with status 503 in the next tick. */
    closeAllConnections (): void

    /** Calls {@link unmount} and {@link closeAllConnections}. */
    shutDown (): void

    /**
     * Handles the event `upgrade` of an HTTP server.
     *
     * @param head Bytes received after the head of the request. The connection delivers frames in them after
     * `accept()`.
     */
    handleUpgrade (request: http.IncomingMessage, socket: net.Socket, head?: Buffer): void

    /** Handles the event `requestAccepted` of a {@link request}. */
    handleRequestAccepted (connection: connection): void

    /** Handles the event `close` of a {@link connection}. */
    handleConnectionClose (connection: connection, closeReason: number, description: string): void

    /** Handles the event `requestResolved` of a {@link request}. */
    handleRequestResolved (request: request): void
  }

  /** An opening handshake that a server has received (RFC 6455 section 4.2). The program accepts or rejects it. */
  export class request extends Emitter<RequestEvents<request>> {
    /** The HTTP request of Node. */
    httpRequest: http.IncomingMessage

    socket: net.Socket

    /** The `Host` header, including the port if the client has sent one. */
    host: string

    /** The request target: the path and the query. */
    resource: string

    /** The parsed {@link resource}, with its query as an object. */
    resourceURL: url.UrlWithParsedQuery

    /** The `Sec-WebSocket-Key` header. */
    key: string

    /** The first of {@link remoteAddresses}. */
    remoteAddress: string

    /** The addresses in the `X-Forwarded-For` header, unless `ignoreXForwardedFor` is set, then that of the socket. */
    remoteAddresses: string[]

    /** The `Origin` header, or `Sec-WebSocket-Origin` for version 8. Undefined if the client has sent none. */
    origin: string

    /** The version of the protocol: 13 (RFC 6455), or 8 (a draft of it). */
    webSocketVersion: number

    /** The extensions that the client offers (RFC 6455 section 9.1). Empty if `parseExtensions` is false. */
    requestedExtensions: IRequestedExtension[]

    /** The cookies of the request. Empty if `parseCookies` is false. The value of a cookie without `=` is null. */
    cookies: ICookie[]

    /** The subprotocols that the client offers, in its order and in lower case. Null once the request is accepted. */
    requestedProtocols: string[]

    /** The subprotocols in the client's spelling, by their names in lower case. Null once the request is accepted. */
    protocolFullCaseMap: { [key: string]: string }

    serverConfig: IServerConfig

    /** Whether the program has accepted or rejected the request. */
    _resolved: boolean

    /** Whether the socket has ended or closed before `accept()`. */
    _socketIsClosing: boolean

    constructor (socket: net.Socket, httpRequest: http.IncomingMessage, config: IServerConfig)

    /**
     * Responds to the handshake with status 101 (RFC 6455 section 4.2.2).
     *
     * @param acceptedProtocol One of {@link requestedProtocols}, in lower case. Default: none.
     * @param allowedOrigin The value of the `Origin` header of the response. Default: no header.
     * @param cookies Cookies to set in the client, each by a `Set-Cookie` header. Default: none.
     * @throws Error for a subprotocol that the client did not request, for an invalid cookie, and for a request that
     * was accepted or rejected before. In the first two cases, the client receives status 500.
     */
    accept (acceptedProtocol?: string | null, allowedOrigin?: string | null, cookies?: ICookie[] | null): connection

    /**
     * Responds to the handshake with an HTTP error (RFC 6455 section 4.2.2), and ends the socket.
     *
     * @param httpStatus Default: 403.
     * @param reason The value of the `X-WebSocket-Reject-Reason` header. Default: no header.
     * @param extraHeaders More headers of the response. Default: none.
     * @throws Error for a request that was accepted or rejected before.
     */
    reject (httpStatus?: number | null, reason?: string | null, extraHeaders?: object | null): void

    /**
     * Reads the headers into the properties above. The server calls this method.
     *
     * @throws Error for an invalid handshake. For a status other than 400, the error has `httpCode` and `headers`.
     */
    readHandshake (): void

    parseExtensions (extensionString: string | undefined): IRequestedExtension[]

    parseCookies (str: string | undefined): ICookie[]

    _handleSocketCloseBeforeAccept (): void
    _removeSocketCloseListeners (): void
    _verifyResolution (): void
  }

  /** A WebSocket connection. `accept()` of a {@link request} returns it; a {@link client} passes it to `connect`. */
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

    /** The default close reasons of {@link close} and {@link drop}, by close code. */
    static CLOSE_DESCRIPTIONS: { [code: number]: string }

    /** The socket. A program may read its addresses. The connection reads and writes the bytes. */
    socket: net.Socket

    config: IConfig

    /** The subprotocol, in lower case on a server. Null or undefined if there is none. */
    protocol: string

    /** The names of the extensions in use: `[]` or `['permessage-deflate']`. */
    extensions: string[]

    /** The address of the peer. On a server, the first of {@link remoteAddresses}. */
    remoteAddress: string

    /** On a server, {@link request.remoteAddresses}. Undefined on a client. */
    remoteAddresses?: string[]

    /** The version of the protocol: 13 (RFC 6455), or 8 (a draft of it). */
    webSocketVersion: number

    /** True until one of the ends begins to close. */
    connected: boolean

    /** `'open'`, `'peer_requested_close'`, `'ending'` or `'closed'`. */
    state: string

    /** The close code (RFC 6455 section 7.4); -1 until the connection begins to close. */
    closeReasonCode: number

    /** The close reason; null until the connection begins to close. */
    closeDescription: string

    closeEventEmitted: boolean

    /** Whether the connection masks its frames: true on a client, false on a server (RFC 6455 section 5.1). */
    maskOutgoingPackets: boolean

    /** The option {@link IConfig.closeTimeout}, in milliseconds. */
    closeTimeout: number

    /** The option {@link IConfig.assembleFragments}. */
    assembleFragments: boolean

    /** The option {@link IConfig.maxReceivedMessageSize}, in bytes. */
    maxReceivedMessageSize: number

    /** Whether the operating system has not accepted all messages yet. If so, `drain` follows. */
    outputBufferFull: boolean

    /** Whether the connection is paused: see {@link pause}. */
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
     * Creates a connection on a socket whose opening handshake is complete. Programs normally use
     * {@link request.accept} or {@link client.connect} instead.
     *
     * @throws Error if `keepalive` is set, and `keepaliveInterval` or `keepaliveGracePeriod` is not a number.
     */
    constructor (
      socket: net.Socket,
      extensions: string[],
      protocol: string | null | undefined,
      maskOutgoingPackets: boolean,
      config: IConfig
    )

    /**
     * Sends a message: bytes as a binary message, other values as the text `data.toString()`.
     *
     * @param cb Called once: without an error when the operating system has accepted the message, otherwise with the
     * error. A message sent after the closing handshake has begun gets an error.
     * @throws Error `Data provided must either be a Node Buffer or implement toString()`
     */
    send (data: Data, cb?: SendCallback): void

    /**
     * Sends the text message `data.toString()`.
     *
     * @param cb The same as for {@link send}.
     */
    sendUTF (data: IStringified, cb?: SendCallback): void

    /**
     * Sends a binary message.
     *
     * @param cb The same as for {@link send}.
     * @throws Error `You must pass a Node Buffer object to WebSocketConnection.prototype.sendBytes()`
     */
    sendBytes (buffer: Bytes, cb?: SendCallback): void

    /**
     * Sends a ping (RFC 6455 section 5.5.2).
     *
     * @param data Bytes (no Blob), or a value to send as the text `String(data)`. The connection cuts a payload of more
     * than 125 bytes to 124. Default: empty.
     */
    ping (data?: Buffer | IStringified | null): void

    /**
     * Sends a pong (RFC 6455 section 5.5.3). The connection answers pings of the peer by itself.
     *
     * @param data The same as for {@link ping}.
     */
    pong (data?: Buffer | IStringified | null): void

    /**
     * Begins the closing handshake (RFC 6455 section 7.1.2). The event `close` follows when the peer has answered, at
     * the latest after `closeTimeout`. Does nothing if the closing handshake has already begun.
     *
     * @param reasonCode 1000 to 1003, 1007 to 1015, or 3000 to 4999. Default: 1000.
     * @param description The close reason. Default: the entry of {@link CLOSE_DESCRIPTIONS}.
     * @throws Error `Close code … is not valid.`
     */
    close (reasonCode?: number | null, description?: string | null): void

    /**
     * Sends a close frame, emits `close` and destroys the socket, without waiting for the peer.
     *
     * @param reasonCode The close code. Default: 1002.
     * @param description The close reason. Default: the entry of {@link CLOSE_DESCRIPTIONS}.
     * @param skipCloseFrame Whether to send no close frame. Default: `false`.
     */
    drop (reasonCode?: number | null, description?: string | null, skipCloseFrame?: boolean): void

    /** Stops reading from the socket, and delivering messages. Emits `pause`. */
    pause (): void

    /** Continues reading and delivering, from the next tick. Emits `resume` then. */
    resume (): void

    /**
     * Sends one frame (RFC 6455 section 5.2), masked if {@link maskOutgoingPackets} is true.
     *
     * @param cb The same as for {@link send}.
     * @returns `false` if the operating system has not accepted the frame yet; `drain` follows then.
     * @throws Error for an unknown opcode, a fragmented control frame, a reserved bit without an extension, and an
     * invalid close code.
     */
    sendFrame (frame: frame, cb?: SendCallback): boolean

    /**
     * Sends a data frame, in fragments (RFC 6455 section 5.4) if it is longer than
     * {@link IConfig.fragmentationThreshold}.
     *
     * @param cb The same as for {@link send}.
     * @throws Error `You cannot fragment control frames.`
     */
    fragmentAndSend (frame: frame, cb?: SendCallback): void

    /**
     * Sends a close frame (RFC 6455 section 5.5.1) and ends our half of the socket. Does nothing if a close frame was
     * sent before.
     *
     * @param reasonCode The same as for {@link close}.
     * @param reasonText The close reason. Default: empty.
     * @param cb Called when the operating system has accepted the close frame and our half of the socket has ended, or
     * with the error.
     * @throws Error `Close code … is not valid.`
     */
    sendCloseFrame (reasonCode?: number | null, reasonText?: string | null, cb?: SendCallback): void

    /** Handles a frame as if the peer had sent it. The connection does not call this method for frames of the peer. */
    processFrame (frame: frame): void

    /** Handles bytes as if the peer had sent them. A client calls this method for the bytes after the response. */
    handleSocketData (data: Buffer): void

    /** @deprecated Does not exist. The connection does not call a method of this name. */
    processReceivedData?: (() => void) | undefined

    /** @deprecated Always undefined. Use `listenerCount('ping')`. */
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

  /** A frame (RFC 6455 section 5.2): to send with {@link connection.sendFrame}, or received in the event `frame`. */
  export class frame {
    /** Whether the frame is the last one of its message. */
    fin: boolean

    /** The reserved bits. Without an extension, a peer fails the connection if one is set. */
    rsv1: boolean
    rsv2: boolean
    rsv3: boolean

    /** Whether the frame is masked: 1 or true, 0 or false. */
    mask: number

    /** The opcode: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
    opcode: number

    /** The length of the payload of a received frame, in bytes. */
    length: number

    /** The payload, also of a text frame. For a close frame, the bytes after the close code. */
    binaryPayload: Buffer

    /** The close code of a close frame; -1 if there is none. */
    closeStatus: number

    maskBytes: Buffer
    frameHeader: Buffer
    config: IConfig

    /** The largest accepted payload, in bytes. */
    maxReceivedFrameSize: number

    /** Whether the frame violates the protocol. {@link dropReason} describes the violation. */
    protocolError: boolean

    /** Whether the payload is longer than {@link maxReceivedFrameSize}. */
    frameTooLarge: boolean

    dropReason: string

    /** Whether this is a close frame with a payload of one byte, which is invalid. */
    invalidCloseFrameLength: boolean

    parseState: number

    /**
     * @param maskBytes 4 bytes, in which the frame keeps its masking key.
     * @param frameHeader 10 bytes, in which the frame keeps its header.
     * @param config The configuration of a connection, of which the frame uses `maxReceivedFrameSize`.
     */
    constructor (maskBytes: Buffer, frameHeader: Buffer, config: IConfig)

    /** Parses the frame. Returns `true` if it is complete or invalid, `false` if the list contains too few bytes. */
    addData (bufferList: IBufferList): boolean

    /** Skips the payload. Returns `false` if the list contains only a part of it. */
    throwAwayPayload (bufferList: IBufferList): boolean

    /**
     * Returns the bytes of the frame as sent on the wire.
     *
     * @param nullMask Whether a masked frame uses the masking key 0 instead of a random one. Default: `false`.
     */
    toBuffer (nullMask?: boolean): Buffer

    /** Returns a description of the frame: opcode, FIN, length, whether it has a payload, and whether it is masked. */
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
    /** The configuration passed to the constructor, with the defaults. */
    config: IClientConfig

    /** The parsed URL. This property and those below are undefined before {@link connect}. */
    url: url.Url

    /** Whether the URL begins with `wss:`. */
    secure: boolean

    protocols: string[]
    origin: string | null | undefined

    /** The value of the `Sec-WebSocket-Key` header. */
    base64nonce: string

    /** The response of the server. Undefined until it arrives. */
    response: http.IncomingMessage

    /** The socket. Undefined until the response arrives. */
    socket: net.Socket

    /** The subprotocol that the server has chosen. Undefined until the response arrives, and if none was requested. */
    protocol: string

    /** The bytes after the response. Null once the connection has received them. */
    firstDataChunk: Buffer | null

    /**
     * @param ClientConfig Copied to {@link config}. The constructor deletes `tlsOptions` from this object, as the
     * original does.
     * @throws Error `Requested webSocketVersion is not supported. Allowed values are 8 and 13.`
     * @throws TypeError or RangeError for an invalid value.
     */
    constructor (ClientConfig?: IClientConfig | null)

    /**
     * Connects to a server (RFC 6455 section 4.1). One of the events `connect`, `connectFailed` and `httpResponse`
     * follows.
     *
     * @param requestUrl A URL that begins with `ws:` (default port 80) or `wss:` (443).
     * @param requestedProtocols The subprotocols to offer. If there are any, the server must choose one. Default: none.
     * @param origin The value of the `Origin` header. Default: no header.
     * @param headers More headers of the request. Default: none.
     * @param extraRequestOptions Options for `http.request()` or `https.request()`, for example an `agent`.
     * @throws Error for a URL without protocol or host, and for a subprotocol that is not a token.
     */
    connect (
      requestUrl: url.Url | url.URL | string,
      requestedProtocols?: string | string[] | null,
      origin?: string | null,
      headers?: http.OutgoingHttpHeaders | null,
      extraRequestOptions?: http.RequestOptions | https.RequestOptions | null
    ): void

    /** Aborts the request; `connectFailed` follows. Does nothing after the response has arrived. */
    abort (): void

    validateHandshake (): void
    failHandshake (errorDescription: string): void
    succeedHandshake (): void
  }

  /** Calls a handler for each request of a server. The path and the subprotocol select the handler. */
  export class router extends Emitter<{}> {
    config: IRouterConfig
    handlers: IRouterHandler[]

    /** The server that the router is attached to. Undefined or null if there is none. */
    server?: server | null

    /** @param config If it has a `server`, the constructor calls {@link attachServer}. */
    constructor (config?: Partial<IRouterConfig> | null)

    /**
     * Starts handling the requests of a server.
     *
     * @throws Error `You must specify a WebSocketServer instance to attach to.`
     */
    attachServer (server: server): void

    /**
     * Stops handling the requests of the server.
     *
     * @throws Error `Cannot detach from server: not attached.`
     */
    detachServer (): void

    /**
     * Adds a handler.
     *
     * @param path A complete path, `'*'` for any path, or a regular expression.
     * @param protocol A subprotocol, or `'*'` for any. Null or undefined: requests that offer none.
     * @throws Error if the path or the callback is missing, and if the path and the protocol already have a handler.
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

    /** Handles the event `request` of the {@link server}. */
    handleRequest (request: request): void
  }

  /** The request that a {@link router} passes to a handler. */
  export interface IRouterRequest extends Emitter<RequestEvents<IRouterRequest>> {
    /** The request of the server. */
    webSocketRequest: request

    /** The matching subprotocol, in lower case; null if the client offers none. */
    protocol: string | null

    /** This property and those below are the same as in {@link request}. */
    origin: string
    resource: string
    resourceURL: url.UrlWithParsedQuery
    httpRequest: http.IncomingMessage
    remoteAddress: string
    webSocketVersion: number
    requestedExtensions: IRequestedExtension[]
    cookies: ICookie[]

    /** Calls {@link request.accept} with {@link protocol}. */
    accept (allowedOrigin?: string | null, cookies?: ICookie[] | null): connection

    /** Calls {@link request.reject}. */
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

    /** The state: 0 connecting, 1 open, 2 closing, 3 closed. */
    readonly readyState: number

    /** The subprotocol. Undefined before `open`, and if none was requested. */
    readonly protocol?: string | undefined

    /** The names of the extensions in use: see {@link connection.extensions}. The string `''` before `open`. */
    readonly extensions: string[]

    /** The bytes accepted by {@link send} that the operating system has not accepted yet. */
    readonly bufferedAmount: number

    /**
     * The type of binary messages.
     *
     * @throws SyntaxError for any other value.
     */
    binaryType: 'arraybuffer'

    /** This handler and those below are called before the listeners of their event. Default: undefined. */
    get onopen (): (event?: any) => void
    set onopen (handler: ((event: IEvent) => void) | null | undefined)

    get onmessage (): (event?: any) => void
    set onmessage (handler: ((event: IMessageEvent) => void) | null | undefined)

    /** Called if the connection could not be opened; `close` follows. */
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
     * @param url A URL that begins with `ws:` or `wss:`. See {@link client.connect} for this and the next four
     * parameters.
     * @param clientConfig A configuration of a {@link client}. The constructor sets its `assembleFragments` to true.
     * @throws TypeError `Invalid clientConfig: …; expected an object`
     * @throws Error, TypeError or RangeError as the constructor of {@link client} and {@link client.connect} do.
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
     * Sends a string as a text message, and bytes as a binary message.
     *
     * @throws Error `cannot call send() while not connected`
     * @throws Error `unknown binary data:` for any other value.
     */
    send (data: string | String | Bytes): void

    /**
     * Closes the connection. Before `open`, aborts it: the events `error` and `close` follow.
     *
     * @param code 1000 to 1003, 1007 to 1015, or 3000 to 4999. Default: 1000.
     * @param reason The close reason. Default: the entry of {@link connection.CLOSE_DESCRIPTIONS}.
     * @throws Error `Close code … is not valid.`
     */
    close (code?: number, reason?: string): void

    addEventListener<Name extends keyof W3CEvents> (type: Name, listener: (event: W3CEvents[Name]) => void): void
    addEventListener (type: string, listener: (event: any) => void): void
    removeEventListener<Name extends keyof W3CEvents> (type: Name, listener: (event: W3CEvents[Name]) => void): void
    removeEventListener (type: string, listener: (event: any) => void): void

    /**
     * Calls the handler and the listeners for the event's type.
     *
     * @returns `false` if `defaultPrevented` of the event is true.
     * @throws Error `` `event` must have a valid `type` property ``
     */
    dispatchEvent (event: { type: string, defaultPrevented?: boolean }): boolean
  }

  /** Warnings about deprecated names. There are none. */
  export const deprecation: {
    disableWarnings: boolean
    deprecationWarningMap: { [name: string]: string }
    warn (deprecationName: string): void
  }

  /** The version of the original that this interface follows: `'1.0.35'`. */
  export const version: string

  /** The configuration of servers and clients. It keeps unknown keys, which have no effect. */
  export interface IConfig {
    /**
     * The largest payload of a received frame, in bytes. A larger one fails the connection with close code 1009. The
     * compressed size counts. Default: 65536 (64 KiB) for a server, 1048576 (1 MiB) for a client.
     */
    maxReceivedFrameSize?: number | undefined

    /**
     * The largest size of a message received in fragments, or inflated, in bytes. A larger one fails the connection
     * with close code 1009. Default: 1048576 (1 MiB) for a server, 8388608 (8 MiB) for a client.
     */
    maxReceivedMessageSize?: number | undefined

    /**
     * Whether to send messages above `fragmentationThreshold` in fragments (RFC 6455 section 5.4). Default: `true`.
     */
    fragmentOutgoingMessages?: boolean | undefined

    /** The size of the fragments in bytes: an integer above 0, or `Infinity` for none. Default: 16384 (16 KiB). */
    fragmentationThreshold?: number | undefined

    /**
     * Whether to assemble frames into messages and emit `message`. With `false`, the connection emits `frame` for every
     * frame instead, and checks neither the order of fragments nor the encoding of text. Default: `true`.
     */
    assembleFragments?: boolean | undefined

    /**
     * The time for the peer to answer our close frame and to end its half of the socket, in milliseconds. After that,
     * the connection destroys the socket. Default: 5000.
     */
    closeTimeout?: number | undefined

    /** Whether to send small writes without delay (`TCP_NODELAY`). Default: `true`. */
    disableNagleAlgorithm?: boolean | undefined

    /** Whether to ping idle peers. Default: `true` for a server, `false` for a client. */
    keepalive?: boolean | undefined

    /**
     * The time without a frame of the peer after which the connection sends a ping, in milliseconds. Required for
     * `keepalive`. Default: 20000 for a server, none for a client.
     */
    keepaliveInterval?: number | undefined

    /**
     * Whether to drop the connection, with code 1006, if the peer does not react to such a ping. Default: `true` for a
     * server, `false` for a client.
     */
    dropConnectionOnKeepaliveTimeout?: boolean | undefined

    /**
     * The time for the peer to react to such a ping, in milliseconds. Required for `dropConnectionOnKeepaliveTimeout`.
     * Default: 10000 for a server, none for a client.
     */
    keepaliveGracePeriod?: number | undefined

    /** Whether to use TCP keep-alive instead of pings, with `keepaliveInterval` as its delay. Default: `false`. */
    useNativeKeepalive?: boolean | undefined

    /**
     * Whether to compress messages with permessage-deflate (RFC 7692) if the peer agrees. A server accepts the
     * extension, a client offers it. Default: `false`.
     */
    perMessageDeflate?: boolean | IDeflateOptions | undefined

    /**
     * Whether to refuse handshakes that RFC 6455 section 4 forbids and the original accepts. A server responds with
     * status 400 or 426; a client emits `connectFailed`. Default: `true`.
     */
    strictHandshake?: boolean | undefined

    /**
     * Whether to enforce the rule of RFC 6455 section 5.1: clients mask their frames, and servers do not. With `false`,
     * the connection accepts masked and unmasked frames, as the original does. Default: `true`.
     */
    requireMasking?: boolean | undefined

    /**
     * The transport: `'native'` uses the native transport where possible, `'stream'` always uses the stream transport.
     * Default: `'native'`.
     */
    transport?: 'native' | 'stream' | undefined
  }

  /** The options of `faye-websocket-rs/permessage-deflate`, except `zlib`. */
  export interface IDeflateOptions extends Omit<deflate.Options, 'zlib'> {}

  export interface IServerConfig extends IConfig {
    /** The `http` or `https` servers whose `upgrade` events the server handles. Required. */
    httpServer: http.Server | https.Server | Array<http.Server | https.Server>

    /** Whether to accept every request, with the first subprotocol that it offers. Default: `false`. */
    autoAcceptConnections?: boolean | undefined

    /**
     * Whether to ignore the `X-Forwarded-For` header. Any client can send this header: set the option to `true` unless
     * your proxy writes it. Default: `false`.
     */
    ignoreXForwardedFor?: boolean | undefined

    /** Whether to parse the `Cookie` header. Default: `true`. */
    parseCookies?: boolean | undefined

    /** Whether to parse the `Sec-WebSocket-Extensions` header. Default: `true`. */
    parseExtensions?: boolean | undefined
  }

  export interface IClientConfig extends IConfig {
    /**
     * The version of the protocol: 13 (RFC 6455), or 8 (a draft of it). Version 8 sends `Sec-WebSocket-Origin` instead
     * of `Origin`. Default: 13.
     */
    webSocketVersion?: number | undefined

    /**
     * Options of `https.request()` for URLs that begin with `wss:`. The client verifies certificates unless
     * `rejectUnauthorized` is false.
     */
    tlsOptions?: https.RequestOptions | undefined
  }

  export interface IRouterConfig {
    /** The server whose requests the router handles. */
    server: server
  }

  export interface IRouterHandler {
    path: RegExp
    pathString: string
    protocol: string
    callback: (request: IRouterRequest) => void
  }

  /** A cookie of a request, or a cookie to set with {@link request.accept} (RFC 6265). */
  export interface ICookie {
    name: string
    value: string
    path?: string | undefined
    domain?: string | undefined
    expires?: Date | undefined
    /** The lifetime in seconds (`Max-Age`). */
    maxage?: number | undefined
    secure?: boolean | undefined
    httponly?: boolean | undefined
  }

  /** @deprecated {@link connection.extensions} contains strings. */
  export interface IExtension {
    name: string
    value: string
  }

  /** An extension that a client offers. */
  export interface IRequestedExtension {
    name: string
    params: Array<{ name: string, value: string | undefined }>
  }

  /** A value that is converted to text by its method `toString()`. */
  export interface IStringified {
    toString: (...args: any[]) => string
  }

  /** Bytes, to send as a binary message. The connection reads a Blob first; messages sent after it wait for that. */
  export type Bytes = NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer | BlobLike

  /** A Blob or a File of Node. The Blob type of TypeScript's DOM library is compatible. */
  export interface BlobLike {
    readonly size: number
    readonly type: string
    arrayBuffer (): Promise<ArrayBuffer>
    slice (start?: number, end?: number, type?: string): BlobLike
  }

  /** The data of a message: bytes, or a value that is converted to text. */
  export type Data = Bytes | IStringified

  /** Called once: without an error when the operating system has accepted the message, otherwise with the error. */
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

  /** A list of received buffers, the input of {@link frame.addData}. */
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

    /** Prevents the remaining listeners from being called. */
    stopImmediatePropagation (): void
  }

  export interface IMessageEvent extends IEvent {
    /** A string or an ArrayBuffer. It is never a Buffer: the type includes Buffer because @types/websocket does. */
    readonly data: string | Buffer | ArrayBuffer
  }

  export interface ICloseEvent extends IEvent {
    /** The close code (RFC 6455 section 7.4). */
    readonly code: number

    /** The close reason; `''` if there is none. */
    readonly reason: string

    /** Whether the close code is 1000. */
    readonly wasClean: boolean
  }

  /** The event `error`. It contains no cause. In @types/websocket it is an Error. */
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
    /** Emitted for a handshake, for the program to accept or reject. Not emitted with `autoAcceptConnections`. */
    request: (request: request) => void

    /** Emitted when the program or the server has accepted a request. */
    connect: (connection: connection) => void

    /** Emitted when a connection has closed. */
    close: (connection: connection, reason: number, desc: string) => void

    /** Emitted when the server has refused an invalid handshake. */
    upgradeError: (error: Error) => void
  }

  /** Listeners of a {@link request} or an {@link IRouterRequest} by event name. */
  export interface RequestEvents<Request> {
    /** Emitted by a {@link request} that was accepted or rejected. An {@link IRouterRequest} does not emit it. */
    requestResolved: (request: Request) => void
    requestRejected: (request: Request) => void
    requestAccepted: (connection: connection) => void
  }

  /** Listeners of a {@link connection} by event name. */
  export interface ConnectionEvents {
    message: (data: Message) => void

    /** Emitted for every frame, only with `assembleFragments: false`. */
    frame: (frame: frame) => void

    /** Emitted once, when the connection has closed. */
    close: (code: number, desc: string) => void

    /** Emitted when the socket has failed; `close` follows. Without a listener, the connection ignores the error. */
    error: (err: Error) => void

    /** Emitted when the program may send again: the operating system has accepted the waiting messages. */
    drain: () => void
    pause: () => void
    resume: () => void

    /** Emitted for a ping. The connection answers with a pong unless the listener calls `cancel()`. */
    ping: (cancel: () => void, binaryPayload: Buffer) => void
    pong: (binaryPayload: Buffer) => void
  }

  /** Listeners of a {@link client} by event name. */
  export interface ClientEvents {
    connect: (connection: connection) => void
    connectFailed: (err: Error) => void

    /** Emitted for a status other than 101. If there is a listener, the client does not emit `connectFailed`. */
    httpResponse: (response: http.IncomingMessage, client: client) => void
  }
}

/** An EventEmitter with typed events. Listeners of other events accept any arguments. */
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
