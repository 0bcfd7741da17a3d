// @ts-check
'use strict'

const native = require('../native')

/**
 * The seam of the engine: what a connection and its neighbours ask of each other. An interface listens to a connection
 * as its `Observer`. A transport moves the bytes of a connection. Neither reaches through the other.
 *
 * ```text
 *  interface ◄── Observer ── connection ── Transport ──► transport ── Channel ──► socket
 *                            connection ◄── Connection ── transport
 * ```
 */

/**
 * What a connection tells its owner, in the order in which it happens.
 *
 * @typedef {object} Observer
 * @property {number} wants the control frames that the owner wants to hear of: PINGS, PONGS, both or none
 * @property {() => void} opened
 * @property {(data: any) => void} received a message, as the policy delivers it: a string or a Buffer, or an array of
 * whether it is text and the Buffers of its fragments
 * @property {(frame: Frame) => void} [framed] a frame, where the policy delivers frames and no messages
 * @property {(payload: Buffer) => void} pinged a ping has come, and has been answered unless the policy leaves that to
 * the owner
 * @property {(payload: Buffer) => void} ponged
 * @property {(failure: Failure) => void} failed `closed` follows
 * @property {() => void} drained a sender that was told to wait may go on
 * @property {(code: number | null, reason: string | null) => void} closed the drafts have neither code nor reason
 */

/**
 * Why a connection has failed.
 *
 * @typedef {object} Failure
 * @property {string} message in the words of the policy
 * @property {string} code a stable name of what has happened
 * @property {Record<string, number | string>} facts what belongs to it, such as `opcode`, `length` or `status`
 *
 * @typedef {object} Frame
 * @property {boolean} fin
 * @property {boolean[]} rsv RSV1, RSV2 and RSV3
 * @property {number} opcode
 * @property {boolean} isMasked
 * @property {Buffer} payload unmasked
 */

/** The numbers of `Connection.readyState`; the largest message that is received, where a policy names no size. */
const { DEFAULT_MAX_LENGTH, ReadyState } = native

/** Bits of `Observer.wants`. */
const PINGS = 1
const PONGS = 2

/**
 * What a connection asks of a transport. The transport takes the bytes with `takeOutput` when it can write them.
 *
 * @typedef {object} Transport
 * @property {() => boolean} offer there are bytes to write; true when they have left at once
 * @property {(pending: number, isFull?: boolean) => boolean} hasRoom whether a sender may go on. A sender that is told
 * to wait hears of `drained`. `pending` counts the bytes that were offered and not written; `isFull` says that the
 * connection has no room
 * @property {() => void} notifySender calls `drained` if a sender waits, and socket and connection have room
 * @property {(work: () => void) => void} enter runs work that does not come with the peer's bytes; what it sends leaves
 * together
 * @property {boolean} isManual the program moves the bytes itself: each head and each frame is offered as it comes,
 * what has arrived is delivered at once, and what a callback throws goes to the program
 * @property {() => void} applicationPaused stops reading
 * @property {() => void} applicationResumed delivers the stored messages, then reads
 * @property {(reason: StopReason) => void} stopReading stops reading for this reason
 * @property {(reason: StopReason) => void} startReading reads again, unless another reason remains
 *
 * Why a connection stops reading: the sessions of extensions hold enough, there is work for several turns of the event
 * loop, or enough bytes wait for the start of the opening handshake.
 *
 * @typedef {'sessions' | 'work' | 'start'} StopReason
 */

/**
 * What an interface asks of the transport that it has given a socket. `close`, `end` and `abort` end the connection's
 * use of the socket. They may come in any order and more than once: each step is done once, and `abort` after another
 * one cuts short what that has begun.
 *
 * @typedef {object} SocketTransport
 * @property {boolean} isNative the reactor moves the bytes, and not Node's stream
 * @property {number} writableLength bytes that the socket holds and the kernel has not taken
 * @property {boolean} isReading whether it reads; if not, it has paused the socket itself
 * @property {() => void} start starts the opening handshake
 * @property {(work: () => void) => void} run runs work that an event or a timer brings, in the connection's context
 * @property {() => void} close the connection has ended properly: what was sent still reaches the peer, and the socket
 * closes behind it
 * @property {() => void} end the peer's half has ended, or the socket has failed: what was sent goes out, within a time
 * limit
 * @property {() => void} abort the connection ends now: the kernel is offered what was sent, and the socket closes
 */

/**
 * What a transport asks of a connection.
 *
 * @typedef {object} Connection
 * @property {Transport | null} transport the transport sets it when it takes the connection
 * @property {number} readyState -1 before a client has started, then 0 to 3
 * @property {() => boolean} start begins the opening handshake
 * @property {Incoming} delivery
 * @property {Outgoing} outgoing
 * @property {() => void} drained a sender that was told to wait may go on
 * @property {() => void} completeWork does the work left for later turns, because the process ends
 * @property {number} number what the reactor knows the native half of the connection by
 *
 * @typedef {import('./receipts').Handed} Handed
 */

/**
 * Bytes from the peer.
 *
 * @typedef {object} Incoming
 * @property {(chunk: Uint8Array) => void} store keeps bytes that came before the start, and does nothing else
 * @property {(chunk: Uint8Array) => void} receive takes bytes and delivers what they cause
 * @property {(data: string | Buffer, isLate: boolean) => void} receiveMessage takes a message that the reactor has
 * decoded; `isLate` says that this turn of the event loop has taken long enough
 * @property {() => void} receiveOthers delivers what the reactor has decoded that is no message
 * @property {() => void} deliver delivers what is left: after a pause, or behind a handler that has thrown
 */

/**
 * Bytes for the peer.
 *
 * @typedef {object} Outgoing
 * @property {() => Buffer | null} takeOutput all bytes that wait to be written; null when there are none
 * @property {() => Buffer | null} takeWrite the first head or frame that waits; null when there is none
 * @property {boolean} hasOutput whether bytes wait to be written
 * @property {() => void} passed completes the receipts of messages that the kernel has accepted
 * @property {(stream: any) => Handed | undefined} handOver the receipts of the output that was just taken for a stream
 * @property {(stream: any) => Handed | undefined} handOverAll all receipts, because a stream is given everything
 * @property {number} bufferedAmount bytes that were sent and not taken
 * @property {boolean} isFull senders should wait, whatever the socket can take
 * @property {boolean} isBehindSenders messages may wait in the connection that the transport cannot have yet
 */

/**
 * What a transport asks of the channel below it: Node's stream, or the reactor.
 *
 * @typedef {object} Channel
 * @property {boolean} isNative the reactor moves the bytes
 * @property {boolean} isBatching what is sent now leaves with everything else that this turn of the event loop brings
 * @property {boolean} countsReplies the channel counts what the peer makes us write, and stops reading by itself
 * @property {() => number} beginReplies the peer has caused what is sent from now on; returns what `endReplies` takes
 * @property {(before: number) => void} endReplies
 * @property {number} writableLength bytes that the channel holds and the kernel has not taken
 * @property {() => boolean} isReplaced a program has replaced methods of the socket, and the bytes should go by those
 * @property {() => boolean} takesWhenFull whether the channel takes bytes that the kernel does not take
 * @property {() => boolean} write hands over everything; true when the kernel takes no more for now
 * @property {() => void} stopReading stops reading, for whatever reason
 * @property {() => void} startReading
 * @property {() => void} detach lets go of the socket
 */

module.exports = { DEFAULT_MAX_LENGTH, PINGS, PONGS, ReadyState }
