//! The numbers that JavaScript and Rust agree on, whatever the binding.

use proto::connection::ReadyState;

/// What JavaScript has for where a connection stands.
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

/// What is returned instead of a number of bytes where a message was refused: the connection is closing or closed.
pub const REFUSED: i32 = -1;
/// The same where the message waits for `work`.
pub const WAITS_FOR_WORK: i32 = -2;

/// What Node reads at a time, in bytes.
pub const FULL_CHUNK: u32 = proto::connection::FULL_CHUNK as u32;
/// Bytes of replies that may wait for a peer that does not read. While they do, nothing more is read from it.
pub const MAX_REPLIES: u32 = 8 * 1024 * 1024;
/// The longest message that is received where no other limit is set, in bytes.
pub const DEFAULT_MAX_LENGTH: u32 = proto::policy::DEFAULT_MAX_MESSAGE as u32;
