// @ts-check
'use strict'

const native = require('../native')

/**
 * The contracts between a connection and its neighbours. An interface observes a connection as its `Observer`. A
 * transport moves the bytes of a connection. Interface and transport know each other only through these types.
 *
 * ```text
 *  interface ◄── Observer ── connection ── Transport ──► transport ── Channel ──► socket
 *                            connection ◄── Connection ── transport
 * ```
 */

/**
 * Receives the events of a connection, in order.
 *
 * @typedef {object} Observer
 * @property {number} wants the control frames that the observer needs: PINGS, PONGS, both or none
 * @property {() => void} opened
 * @property {(data: any) => void} received a message, in the form that the policy chooses: a string or a Buffer, or an
 * array of a boolean (whether it is text) and the Buffers of its fragments
 * @property {(frame: Frame) => void} [framed] a frame, if the policy delivers frames instead of messages
 * @property {(payload: Buffer) => void} pinged a ping has arrived. The core has answered it, unless the policy leaves
 * the answer to the observer
 * @property {(payload: Buffer) => void} ponged
 * @property {(failure: Failure) => void} failed `closed` follows
 * @property {() => void} drained a sender that had to wait may continue
 * @property {(code: number | null, reason: string | null) => void} closed code and reason are null for the drafts
 */

/**
 * Why a connection has failed.
 *
 * @typedef {object} Failure
 * @property {string} message worded as the policy requires
 * @property {string} code a stable name of the failure
 * @property {Record<string, number | string>} facts values of the failure, such as `opcode`, `length` or `status`
 *
 * @typedef {object} Frame
 * @property {boolean} fin
 * @property {boolean[]} rsv RSV1, RSV2 and RSV3
 * @property {number} opcode
 * @property {boolean} isMasked
 * @property {Buffer} payload unmasked
 */

/** The values of `Connection.readyState`, and the maximum length of a message if a policy sets none. */
const { DEFAULT_MAX_LENGTH, ReadyState } = native

/** Bits of `Observer.wants`. */
const PINGS = 1
const PONGS = 2

/**
 * The part of a transport that a connection uses. The transport takes the bytes with `takeOutput` when it can write
 * them.
 *
 * @typedef {object} Transport
 * @property {() => boolean} offer reports that bytes wait to be written; returns true if they were written at once
 * @property {(message: string | Buffer, isMarked: boolean) => number | null} sendNow sends a message of at least
 * FULL_CHUNK bytes without a copy in the output, and returns the result of the native send. Returns null if that is
 * impossible, without sending the message. `isMarked` means that it has a receipt
 * @property {(pending: number, isFull?: boolean) => boolean} hasRoom whether a sender may continue. If not, `drained`
 * follows. `pending` counts the bytes that were offered and not written; `isFull` means that the connection itself has
 * no room
 * @property {() => void} notifySender calls `drained` if a sender waits, and socket and connection have room
 * @property {(work: () => void) => void} enter runs work that bytes of the peer do not trigger, and writes everything
 * that it sends together
 * @property {boolean} isManual whether the program moves the bytes itself. If so, the connection offers each head and
 * each frame separately and delivers received messages at once. Exceptions of callbacks then propagate to the program
 * @property {() => void} applicationPaused stops reading
 * @property {() => void} applicationResumed delivers the stored messages, then reads
 * @property {(reason: StopReason) => void} stopReading stops reading for this reason
 * @property {(reason: StopReason) => void} startReading reads again, unless another reason remains
 *
 * Why a connection stops reading: the sessions of extensions hold enough bytes, work remains for later turns of the
 * event loop, or enough bytes wait for the start of the opening handshake.
 *
 * @typedef {'sessions' | 'work' | 'start'} StopReason
 */

/**
 * The part of a transport that an interface uses. `close`, `end` and `abort` end the connection's use of the socket. An
 * interface may call them in any order and repeatedly: each step happens once, and `abort` overrides an earlier `close`
 * or `end`.
 *
 * @typedef {object} SocketTransport
 * @property {boolean} isNative whether the reactor moves the bytes, and not Node's stream
 * @property {number} writableLength bytes that the socket holds and the kernel has not accepted
 * @property {boolean} isReading whether the transport reads. If not, the transport itself has paused the socket
 * @property {() => void} start starts the opening handshake
 * @property {(work: () => void) => void} run runs the work of an event or a timer in the context of the connection
 * @property {() => void} close closes the socket after everything that was sent, because the connection has ended
 * properly
 * @property {() => void} end ends our half of the socket after everything that was sent, within a time limit, because
 * the peer has ended its half or the socket has failed
 * @property {() => void} abort offers the bytes that were sent to the kernel once, and closes the socket now
 */

/**
 * The part of a connection that a transport uses.
 *
 * @typedef {object} Connection
 * @property {Transport | null} transport set by the transport
 * @property {number} readyState -1 before a client has started, then 0 to 3
 * @property {() => boolean} start begins the opening handshake
 * @property {Incoming} delivery
 * @property {Outgoing} outgoing
 * @property {() => void} drained reports that a sender that had to wait may continue
 * @property {() => void} completeWork does all remaining work, because the process ends
 * @property {number} number identifies the native half of the connection to the reactor
 *
 * @typedef {import('./receipts').Handed} Handed
 */

/**
 * Bytes from the peer.
 *
 * @typedef {object} Incoming
 * @property {(chunk: Uint8Array) => void} store stores bytes that arrived before the start; does not decode them
 * @property {(chunk: Uint8Array) => void} receive stores bytes, and delivers the messages and events in them
 * @property {(data: string | Buffer, isLate: boolean) => void} receiveMessage delivers a message that the reactor has
 * decoded. `isLate` means that this turn of the event loop has reached its time limit
 * @property {() => void} receiveOthers delivers the events that the reactor has decoded, other than messages
 * @property {() => void} deliver delivers everything that waits: after a pause, or after a handler has thrown
 */

/**
 * Bytes for the peer.
 *
 * @typedef {object} Outgoing
 * @property {() => Buffer | null} takeOutput returns all bytes that wait to be written, or null
 * @property {(memory: Buffer) => number} takeOutputInto takes the first bytes that wait to be written, as many as fit;
 * returns their number
 * @property {() => Buffer | null} takeWrite returns the first head or frame that waits, or null
 * @property {boolean} hasOutput whether bytes wait to be written
 * @property {number} outputLength the number of bytes that wait to be written
 * @property {(message: string | Buffer) => number} now sends a message of at least FULL_CHUNK bytes, which the native
 * half writes unless other output precedes it; returns the result of the native send
 * @property {(message: string | Buffer, memory: Buffer) => number} putFrame sends a message of at least FULL_CHUNK
 * bytes by putting its frame into this memory, and the rest into the output; returns the number of bytes in the memory.
 * Returns 0 if the message cannot precede other output unchanged, without sending it
 * @property {() => void} passed completes the receipts of messages that the kernel has accepted
 * @property {(stream: any) => Handed | undefined} handOver returns the receipts of the output just taken for a stream
 * @property {(stream: any) => Handed | undefined} handOverAll returns all receipts, because the stream writes all
 * output
 * @property {number} bufferedAmount bytes that were sent and that the transport has not taken
 * @property {boolean} isFull whether senders should wait, even if the socket has room
 * @property {boolean} isBehindSenders whether messages may wait in the connection that the transport cannot take yet
 */

/**
 * The path between a transport and its socket: Node's stream, or the reactor.
 *
 * @typedef {object} Channel
 * @property {boolean} isNative whether the reactor moves the messages
 * @property {boolean} isBatching whether a batch is under way, whose end writes everything that is sent now
 * @property {boolean} countsReplies whether the channel counts our replies to the peer, and stops reading by itself
 * @property {() => number} beginReplies counts the bytes sent from now on as replies to the peer; returns the argument
 * for `endReplies`
 * @property {(before: number) => void} endReplies
 * @property {number} writableLength bytes that the channel holds and the kernel has not accepted
 * @property {() => boolean} isReplaced whether a program has replaced methods of the socket, which must write the bytes
 * @property {() => boolean} writesWhenFull whether the channel accepts bytes while the kernel accepts none
 * @property {(message: string | Buffer, isMarked: boolean) => number | null} sendNow as `sendNow` of the transport
 * @property {boolean} isFull whether the last `sendNow` has filled the socket
 * @property {() => boolean} write writes everything; returns true if the kernel accepts no more for now
 * @property {() => void} stopReading stops reading; the transport knows the reasons
 * @property {() => void} startReading
 * @property {() => void} detach detaches from the socket
 * @property {() => void} [leave] detaches from the socket, which is about to be destroyed
 */

module.exports = { DEFAULT_MAX_LENGTH, PINGS, PONGS, ReadyState }
