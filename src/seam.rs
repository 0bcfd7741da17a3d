//! The numbers that JavaScript and Rust agree on, and the limits that stand for both. The generated binding exports
//! them, so each is defined once: in the engine, or here if they are the reactor's.

use engine::numbers;
use napi_derive::napi;

/// What the functions of `calls()` that send return instead of a number of bytes.
#[napi]
#[derive(Clone, Copy)]
pub enum Sent {
    /// The message was refused: the connection is closing or closed.
    Refused = -1,
    /// The message waits for `Connection.work`.
    WaitsForWork = -2,
}

/// Where a connection stands.
#[napi]
#[derive(Clone, Copy)]
pub enum ReadyState {
    /// A client that has not started.
    Unstarted = -1,
    /// The opening handshake is under way.
    Connecting = 0,
    /// Messages pass.
    Open = 1,
    /// The closing handshake is under way.
    Closing = 2,
    /// The connection has ended.
    Closed = 3,
}

const _: () = assert!(
    Sent::Refused as i32 == numbers::REFUSED
        && Sent::WaitsForWork as i32 == numbers::WAITS_FOR_WORK,
    "they are the engine's"
);

const _: () = {
    use proto::connection::ReadyState as State;
    assert!(
        ReadyState::Unstarted as i32 == numbers::ready_state(State::Unstarted)
            && ReadyState::Connecting as i32 == numbers::ready_state(State::Connecting)
            && ReadyState::Open as i32 == numbers::ready_state(State::Open)
            && ReadyState::Closing as i32 == numbers::ready_state(State::Closing)
            && ReadyState::Closed as i32 == numbers::ready_state(State::Closed),
        "they are the engine's"
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

/// What a reactor tells of a socket.
#[napi]
#[derive(Clone, Copy)]
pub enum Entry {
    /// The value is a message.
    Message = 0,
    /// Something has happened that is no message: the connection has to be polled.
    Poll = 1,
    /// The kernel has taken what waited.
    Drained = 2,
    /// The peer has ended its half.
    Ended = 3,
    /// Reading has failed. The value is the error number.
    Failed = 4,
    /// Writing has failed. The value is the error number.
    Unwritable = 5,
    /// Messages with receipts have left.
    Passed = 6,
    /// The handshake of TLS has ended, or TLS has failed. The value is `AGREED` if the server is the one that was
    /// asked for; else the number of its alert, or a reason.
    Secure = 7,
}

/// The numbers that JavaScript and a reactor share.
#[napi]
#[derive(Clone, Copy)]
pub enum Slot {
    /// 1 while a batch is under way, else 0.
    InBatch = 0,
    /// One more than the number of the socket whose peer has caused what is sent now; 0 when no peer has.
    Cause = 1,
}

/// How many numbers they share: one more than the last `Slot`.
#[napi]
pub const SLOTS: u32 = Slot::Cause as u32 + 1;

/// The value of `Entry.Secure` when TLS has been agreed on.
#[napi]
pub const AGREED: i32 = -1;

/// A reactor tells of a socket by one number: the number of the socket shifted by so many bits, plus the `Entry`.
#[napi]
pub const ENTRY_BITS: u32 = 3;

const _: () = assert!(
    (Entry::Secure as u32) < 1 << ENTRY_BITS,
    "the last entry fits"
);

/// What Node reads at a time, in bytes.
#[napi]
pub const FULL_CHUNK: u32 = numbers::FULL_CHUNK;

/// Bytes of replies that may wait for a peer that does not read. While they do, nothing more is read from it.
#[napi]
pub const MAX_REPLIES: u32 = numbers::MAX_REPLIES;

/// The longest message that is received where no other limit is set, in bytes.
#[napi]
pub const DEFAULT_MAX_LENGTH: u32 = numbers::DEFAULT_MAX_LENGTH;
