//! The numbers that JavaScript and Rust agree on, and limits that both apply. The generated binding exports them.
//! Each is defined once: in the engine, or here if it belongs to the reactor.

use engine::numbers;
use napi_derive::napi;

/// The results of the sending functions of `calls()` that are not a number of bytes.
#[napi]
#[derive(Clone, Copy)]
pub enum Sent {
    /// The message was refused: the connection is closing or closed.
    Refused = -1,
    /// The message waits for `Connection.work`.
    WaitsForWork = -2,
}

/// The state of a connection.
#[napi]
#[derive(Clone, Copy)]
pub enum ReadyState {
    /// A client has not started.
    Unstarted = -1,
    /// The opening handshake is under way.
    Connecting = 0,
    /// Messages can be exchanged.
    Open = 1,
    /// The closing handshake is under way.
    Closing = 2,
    /// The connection has ended.
    Closed = 3,
}

const _: () = assert!(
    Sent::Refused as i32 == numbers::REFUSED
        && Sent::WaitsForWork as i32 == numbers::WAITS_FOR_WORK,
    "the numbers equal the engine's"
);

const _: () = {
    use proto::connection::ReadyState as State;
    assert!(
        ReadyState::Unstarted as i32 == numbers::ready_state(State::Unstarted)
            && ReadyState::Connecting as i32 == numbers::ready_state(State::Connecting)
            && ReadyState::Open as i32 == numbers::ready_state(State::Open)
            && ReadyState::Closing as i32 == numbers::ready_state(State::Closing)
            && ReadyState::Closed as i32 == numbers::ready_state(State::Closed),
        "the numbers equal the engine's"
    );
};

impl From<proto::connection::ReadyState> for ReadyState {
    fn from(state: proto::connection::ReadyState) -> Self {
        use proto::connection::ReadyState as State;
        match state {
            State::Unstarted => Self::Unstarted,
            State::Connecting => Self::Connecting,
            State::Open => Self::Open,
            State::Closing => Self::Closing,
            State::Closed => Self::Closed,
        }
    }
}

/// An event of a socket that a reactor reports.
#[napi]
#[derive(Clone, Copy)]
pub enum Entry {
    /// The value is a message. More messages of the socket may follow: values that are not numbers.
    Message = 0,
    /// The connection must be polled: it has an output that is not a message.
    Poll = 1,
    /// The kernel has accepted the bytes that it could not accept before.
    Drained = 2,
    /// The peer has ended its half.
    Ended = 3,
    /// Reading has failed. The value is the error number.
    Failed = 4,
    /// Writing has failed. The value is the error number.
    Unwritable = 5,
    /// Marks have passed: the kernel has accepted messages with receipts.
    Passed = 6,
    /// The handshake of TLS has ended, or TLS has failed. The value is `AGREED` after a successful handshake, and
    /// otherwise the number of an alert, or a reason.
    Secure = 7,
    /// The value is a Buffer with decrypted bytes for the program that uses the socket.
    Bytes = 8,
}

/// The numbers in memory that JavaScript and a reactor share.
#[napi]
#[derive(Clone, Copy)]
pub enum Slot {
    /// 1 while a batch runs, otherwise 0.
    InBatch = 0,
    /// One more than the number of the socket to whose peer JavaScript now replies; 0 if it does not reply.
    Cause = 1,
}

/// The number of slots.
#[napi]
pub const SLOTS: u32 = Slot::Cause as u32 + 1;

/// The value of `Entry.Secure` if the handshake of TLS has succeeded.
#[napi]
pub const AGREED: i32 = -1;

/// The number of low bits that contain the `Entry`: a reactor reports the number of a socket, shifted by these bits,
/// plus the `Entry`.
#[napi]
pub const ENTRY_BITS: u32 = 4;

const _: () = assert!(
    (Entry::Bytes as u32) < 1 << ENTRY_BITS,
    "the last entry fits"
);

/// The maximum number of bytes that Node reads at a time.
#[napi]
pub const FULL_CHUNK: u32 = numbers::FULL_CHUNK;

/// The limit for bytes of replies to a peer that does not read them. At the limit, we stop reading from that peer.
#[napi]
pub const MAX_REPLIES: u32 = numbers::MAX_REPLIES;

/// The default limit for received messages, in bytes.
#[napi]
pub const DEFAULT_MAX_LENGTH: u32 = numbers::DEFAULT_MAX_LENGTH;
