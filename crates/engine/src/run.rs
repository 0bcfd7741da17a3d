//! Runs: messages of one connection that are decoded in one call.
//!
//! Knows how long a run may be. Does not know what becomes of its messages.

use proto::connection::Connection;
use proto::output::Message;

/// A run that has been decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// Bytes of its messages.
    pub bytes: usize,
    /// Whether it has come to something that is no message. Else there may be more messages.
    pub is_whole: bool,
}

/// Decodes the messages that are there, as many as a run may have. Ends the connection when `take` returns false:
/// there is no memory for a message.
#[inline]
pub fn decode(connection: &mut Connection, mut take: impl FnMut(&Message<'_>) -> bool) -> Run {
    let (mut messages, mut bytes) = (0, 0);
    while messages < MAX_MESSAGES && bytes < MAX_BYTES {
        let Some(message) = connection.poll_message() else {
            return Run {
                bytes,
                is_whole: true,
            };
        };
        bytes += message.payload.len();
        messages += 1;
        if !take(&message) {
            connection.exhaust();
            break;
        }
    }
    Run {
        bytes,
        is_whole: false,
    }
}

/// The most messages of a run, so that a flood of tiny ones cannot fill the heap before the first of them is delivered.
pub const MAX_MESSAGES: usize = 1024;
/// Bytes from which on a run is not continued.
pub const MAX_BYTES: usize = 1024 * 1024;
