//! Runs: messages of one connection that one call decodes.
//!
//! Knows the limits of a run. Does not know the use of its messages.

use proto::connection::Connection;
use proto::output::Message;

/// The result of decoding a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// The bytes of its messages.
    pub bytes: usize,
    /// Whether every available message was decoded. Otherwise there may be more.
    pub is_whole: bool,
}

/// Decodes messages up to the limits of a run. The connection fails if `take` returns false, because there is no
/// memory for a message.
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

/// The limit for messages of a run: a flood of tiny ones cannot fill the heap before the first of them is delivered.
pub const MAX_MESSAGES: usize = 1024;
/// The number of bytes from which a run decodes no more messages.
pub const MAX_BYTES: usize = 1024 * 1024;
