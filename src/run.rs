//! Runs: messages of one connection that are decoded in one call.
//!
//! Knows how long a run may be. Does not know what becomes of its messages.

use proto::connection::Connection;
use proto::output::Message;

/// A run that has been decoded.
pub(crate) struct Run {
    /// Bytes of its messages.
    pub(crate) bytes: usize,
    /// Whether it has come to something that is no message. Else there may be more messages.
    pub(crate) is_whole: bool,
}

/// Decodes the messages that are there, as many as a run may have. Ends the connection when `take` returns false:
/// there is no memory for a message.
#[inline]
pub(crate) fn decode(
    connection: &mut Connection,
    mut take: impl FnMut(&Message<'_>) -> bool,
) -> Run {
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

/// Bounds of a run, so that a flood of tiny messages cannot fill the heap before the first of them is delivered.
const MAX_MESSAGES: usize = 1024;
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
