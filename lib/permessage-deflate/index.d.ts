// The types of faye-websocket-rs/permessage-deflate, written by hand. They require the types of Node: @types/node 18 or
// newer.

/// <reference types="node" />

import driver = require('../websocket-driver/index.js')

export = deflate

/**
 * The extension of RFC 7692, which compresses messages: a drop-in replacement for npm's `permessage-deflate`.
 *
 * ```js
 * const WebSocket = require('faye-websocket-rs')
 * const deflate = require('faye-websocket-rs/permessage-deflate')
 *
 * const ws = new WebSocket(request, socket, body, null, { extensions: [deflate] })
 * ```
 *
 * With the classes of this package, the native core compresses the messages. Other libraries that support
 * `websocket-extensions` use sessions of the same native code.
 */
declare const deflate: deflate.PermessageDeflate

declare namespace deflate {
  /** An extension. Its {@link Options} decide what it offers and accepts. */
  export interface PermessageDeflate {
    readonly name: 'permessage-deflate'
    readonly type: 'permessage'

    /** RSV1 marks compressed messages (RFC 7692 section 6). */
    readonly rsv1: true
    readonly rsv2: false
    readonly rsv3: false

    /**
     * Returns a copy of this extension with more options. An option of this extension takes precedence over a new one,
     * as in the original.
     *
     * ```js
     * const small = deflate.configure({ maxWindowBits: 10, noContextTakeover: true })
     * ```
     *
     * @param options `configure()` copies the object.
     * @throws Error `Unrecognized option: …` for an option that does not exist.
     * @throws RangeError for a `level`, `memLevel` or `strategy` that is not an integer in its range, and for a
     * `threshold` below 0.
     * @throws TypeError for a `zlib` without the required functions, and for options that are not an object.
     */
    configure (options?: Options | null): PermessageDeflate

    /**
     * Returns a session. WebSocket libraries call it once for each connection of a client.
     *
     * @param options The limits of the library. Default: messages up to 0x3ffffff bytes (64 MiB - 1).
     */
    createClientSession (options?: Partial<SessionOptions>): ClientSession

    /**
     * Returns a session. WebSocket libraries call it once for each connection of a server.
     *
     * @param offers The client's offers, in order of preference.
     * @param options The limits of the library. Default: messages up to 0x3ffffff bytes (64 MiB - 1).
     * @returns A session for the first acceptable offer, or null.
     * @throws Error `Invalid value for maxWindowBits` or `Invalid value for requestMaxWindowBits`.
     */
    createServerSession (offers: ReceivedParameters[], options?: Partial<SessionOptions>): ServerSession | null
  }

  /** Options for compression and negotiation. */
  export interface Options {
    /**
     * The effort of compression: an integer from -1 to 9. 0 does not compress, 9 compresses best and takes longest.
     * Default: -1, which chooses a level for each message by its length.
     */
    level?: number | undefined

    /**
     * The memory of compression: an integer from 1 to 9. More memory compresses better and faster. Default: 8.
     */
    memLevel?: number | undefined

    /**
     * An integer from 0 to 4, one of `zlib.constants`: `Z_DEFAULT_STRATEGY`, `Z_FILTERED`, `Z_HUFFMAN_ONLY`, `Z_RLE`,
     * `Z_FIXED`. Default: 0.
     */
    strategy?: number | undefined

    /**
     * The number of bytes below which this endpoint sends a message uncompressed. npm's permessage-deflate has no such
     * option; permessage-deflate2 has it. Default: 0, which compresses all messages.
     */
    threshold?: number | undefined

    /**
     * Whether this endpoint compresses each message independently, and announces that to the peer. The peer needs less
     * memory, and compressed messages are larger (RFC 7692 section 7.1.1). If a client requests it, a server also does
     * so without this option. Default: `false`.
     */
    noContextTakeover?: boolean | undefined

    /**
     * The window with which this endpoint compresses, as a power of 2: an integer from 8 (256 bytes) to 15 (32 KiB). 8
     * means 9 (RFC 7692 section 7.1.2). Other values throw `Invalid value for maxWindowBits` when the program creates a
     * connection. Default: 15, or less if the peer requests less.
     */
    maxWindowBits?: number | undefined

    /**
     * Whether to request that the peer compresses each message independently. A client fails the handshake if the
     * server does not agree (RFC 7692 section 7.1.1). Default: `false`.
     */
    requestNoContextTakeover?: boolean | undefined

    /**
     * The window to request of the peer, from 8 to 15 as above. A client fails the handshake if the server does not
     * agree. A server requests it only of clients that support the request (RFC 7692 section 7.1.2). Other values throw
     * `Invalid value for requestMaxWindowBits` when the program creates a connection. Default: no request.
     */
    requestMaxWindowBits?: number | undefined

    /**
     * A module with the interface of Node's `zlib`, whose streams compress and inflate instead of the native code. The
     * order of messages and the limit `maxLength` stay the same. Node's own module has no effect. Default: the native
     * code of this package.
     */
    zlib?: Zlib | null | undefined
  }

  /** The required functions of a module such as Node's `zlib`. */
  export interface Zlib {
    createDeflateRaw (options: Pick<Options, 'level' | 'memLevel' | 'strategy'> & { windowBits?: number }): ZlibStream
    createInflateRaw (options: { windowBits?: number }): ZlibStream
  }

  /** The required members of the streams of a {@link Zlib} module. */
  export interface ZlibStream {
    /** The number of bytes read. If it is undefined, the session ignores bytes after a block with BFINAL. */
    readonly bytesWritten?: number

    on (event: 'data', listener: (chunk: Buffer) => void): any
    on (event: 'error', listener: (error: Error) => void): any
    on (event: 'end', listener: () => void): any
    write (data: Buffer): any
    flush (callback: () => void): any
    flush (kind: number, callback: () => void): any
    close (): any
  }

  /** permessage-deflate on one connection of a client. */
  export interface ClientSession extends driver.ClientSession {
    /**
     * Returns the parameters to offer (RFC 7692 section 7.1).
     *
     * @throws Error `Invalid value for maxWindowBits` or `Invalid value for requestMaxWindowBits`.
     */
    generateOffer (): Parameters
  }

  /** permessage-deflate on one connection of a server. */
  export interface ServerSession extends driver.ServerSession {
    /** Returns the parameters of the response to the chosen offer (RFC 7692 section 7.1). */
    generateResponse (): Parameters
  }

  /** The parameters of RFC 7692 section 7.1. */
  export type Parameters = {
    server_no_context_takeover?: true
    client_no_context_takeover?: true
    server_max_window_bits?: number
    client_max_window_bits?: true | number
  }

  /** Parameters as the peer has sent them, not validated. */
  export type ReceivedParameters = driver.ReceivedParameters

  /** The limits of a session: `maxLength` is the maximum length of an inflated message in bytes. */
  export type SessionOptions = driver.SessionOptions
}
