// The types of faye-websocket-rs/permessage-deflate, written by hand. Node's own types (@types/node, 18 or newer) must
// be installed.

/// <reference types="node" />

import driver = require('../websocket-driver/index.js')

export = deflate

/**
 * Compression of messages by RFC 7692, as an extension: a drop-in for npm's `permessage-deflate`.
 *
 * ```js
 * const WebSocket = require('faye-websocket-rs')
 * const deflate = require('faye-websocket-rs/permessage-deflate')
 *
 * const ws = new WebSocket(request, socket, body, null, { extensions: [deflate] })
 * ```
 *
 * With the classes of this package, compression then runs inside the native protocol core. Other libraries that take
 * extensions in the manner of `websocket-extensions` get sessions on top of the same native code.
 */
declare const deflate: deflate.PermessageDeflate

declare namespace deflate {
  /** An extension. What it offers and accepts is up to its options, see {@link Options}. */
  export interface PermessageDeflate {
    readonly name: 'permessage-deflate'
    readonly type: 'permessage'

    /** Marks compressed messages (RFC 7692 section 6). */
    readonly rsv1: true
    readonly rsv2: false
    readonly rsv3: false

    /**
     * A copy of this extension with other options; this one stays as it is. Where both have the same option, that of
     * this extension counts and the new one is ignored, as in the original.
     *
     * ```js
     * const small = deflate.configure({ maxWindowBits: 10, noContextTakeover: true })
     * ```
     *
     * @param options Neither changed nor kept.
     * @throws Error `Unrecognized option: …` for an option that does not exist.
     * @throws RangeError for a `level`, `memLevel` or `strategy` that is no integer in its range, and for a `threshold`
     * that is no number of at least 0.
     * @throws TypeError for a `zlib` without the functions it needs, and for options that are no object.
     */
    configure (options?: Options | null): PermessageDeflate

    /**
     * Called by the library that the extension is given to, once for each connection of a client.
     *
     * @param options What the library allows. Default: messages up to 0x3ffffff bytes (64 MiB - 1).
     */
    createClientSession (options?: Partial<SessionOptions>): ClientSession

    /**
     * Called by the library that the extension is given to, once for each connection of a server.
     *
     * @param offers The client's, the preferred one first.
     * @param options What the library allows. Default: messages up to 0x3ffffff bytes (64 MiB - 1).
     * @returns A session for the first acceptable offer, or null if there is none.
     * @throws Error `Invalid value for maxWindowBits` or `Invalid value for requestMaxWindowBits`.
     */
    createServerSession (offers: ReceivedParameters[], options?: Partial<SessionOptions>): ServerSession | null
  }

  /** How messages are compressed, and what is agreed upon with the peer. */
  export interface Options {
    /**
     * Speed or size: an integer from -1 to 9. 0 does not compress, 9 takes longest. Default: -1, which chooses by the
     * size of each message.
     */
    level?: number | undefined

    /**
     * How much memory compression uses: an integer from 1 to 9. More is faster and compresses better. Default: 8.
     */
    memLevel?: number | undefined

    /**
     * An integer from 0 to 4, one of `zlib.constants`: `Z_DEFAULT_STRATEGY`, `Z_FILTERED`, `Z_HUFFMAN_ONLY`, `Z_RLE`,
     * `Z_FIXED`. Default: 0.
     */
    strategy?: number | undefined

    /**
     * Bytes: shorter messages are sent uncompressed. npm's permessage-deflate has no such option; permessage-deflate2
     * has it. Default: 0, which compresses all.
     */
    threshold?: number | undefined

    /**
     * Compresses each message of this end by itself, and tells the peer so: larger messages, less memory at the peer
     * (RFC 7692 section 7.1.1). A client that asks for it gets it without this option. Default: `false`.
     */
    noContextTakeover?: boolean | undefined

    /**
     * The window for compressing the messages of this end: an integer from 8 to 15, 2 to the power of which is a
     * number of bytes. 8 is understood as 9 (RFC 7692 section 7.1.2). Other values throw
     * `Invalid value for maxWindowBits` when a connection is made. Default: 15, or less where the peer asks for less.
     */
    maxWindowBits?: number | undefined

    /**
     * Asks the peer to compress each of its messages by itself. A client fails the handshake if the server does not
     * agree (RFC 7692 section 7.1.1). Default: `false`.
     */
    requestNoContextTakeover?: boolean | undefined

    /**
     * Asks the peer to compress with a window of this size, from 8 to 15 as above. A client fails the handshake if the
     * server does not agree; a server asks only clients that say that they can (RFC 7692 section 7.1.2). Other values
     * throw `Invalid value for requestMaxWindowBits` when a connection is made. Default: it is up to the peer.
     */
    requestMaxWindowBits?: number | undefined

    /**
     * A module with the interface of Node's `zlib`, to (de)compress with. Then that happens in JavaScript, through the
     * streams of that module; order and `maxLength` are kept. Node's own counts as none. Default: the native code of
     * this package.
     */
    zlib?: Zlib | null | undefined
  }

  /** What is used of a module like Node's `zlib`. */
  export interface Zlib {
    createDeflateRaw (options: Pick<Options, 'level' | 'memLevel' | 'strategy'> & { windowBits?: number }): ZlibStream
    createInflateRaw (options: { windowBits?: number }): ZlibStream
  }

  /** What is used of its streams. */
  export interface ZlibStream {
    /** How many bytes it has taken. Without it, what is behind a block with BFINAL is ignored. */
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
     * What to offer (RFC 7692 section 7.1).
     *
     * @throws Error `Invalid value for maxWindowBits` or `Invalid value for requestMaxWindowBits`.
     */
    generateOffer (): Parameters
  }

  /** permessage-deflate on one connection of a server. */
  export interface ServerSession extends driver.ServerSession {
    /** What to answer to the offer that was chosen (RFC 7692 section 7.1). */
    generateResponse (): Parameters
  }

  /** The parameters of RFC 7692 section 7.1. */
  export type Parameters = {
    server_no_context_takeover?: true
    client_no_context_takeover?: true
    server_max_window_bits?: number
    client_max_window_bits?: true | number
  }

  /** The same as the peer sent them, whatever it sent. */
  export type ReceivedParameters = driver.ReceivedParameters

  /** What sessions are told: `maxLength`, the greatest number of bytes that a message may inflate to. */
  export type SessionOptions = driver.SessionOptions
}
