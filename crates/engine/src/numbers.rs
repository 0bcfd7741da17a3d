//! The numbers that JavaScript and Rust agree on, with every binding.

use proto::connection::ReadyState;

/// Returns JavaScript's number for the state of a connection.
#[must_use]
pub const fn ready_state(state: ReadyState) -> i32 {
    match state {
        ReadyState::Unstarted => -1,
        ReadyState::Connecting => 0,
        ReadyState::Open => 1,
        ReadyState::Closing => 2,
        ReadyState::Closed => 3,
    }
}

/// The result of sending, instead of a number of bytes, if the message was refused: the connection is closing or
/// closed.
pub const REFUSED: i32 = -1;
/// The result of sending, instead of a number of bytes, if the message waits for `work`.
pub const WAITS_FOR_WORK: i32 = -2;

/// The maximum number of bytes that Node reads at a time.
pub const FULL_CHUNK: u32 = proto::connection::FULL_CHUNK as u32;
/// The limit for bytes of replies to a peer that does not read them. At the limit, we stop reading from that peer.
pub const MAX_REPLIES: u32 = 8 * 1024 * 1024;
/// The default limit for received messages, in bytes.
pub const DEFAULT_MAX_LENGTH: u32 = proto::policy::DEFAULT_MAX_MESSAGE as u32;
