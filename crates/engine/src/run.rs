//! Runs: consecutive messages of one connection that one call decodes.
//!
//! Knows the limits of a run. Does not know the use of its messages.

use proto::connection::Connection;
use proto::output::Message;

/// The result of decoding a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// The bytes of its messages.
    pub bytes: usize,
    /// Whether the run contains every available message. Otherwise, the caller decodes another run.
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

/// The maximum number of messages in a run: a flood of tiny messages must not fill the heap before JavaScript receives
/// the first one.
pub const MAX_MESSAGES: usize = 1024;
/// The number of bytes at which a run ends.
pub const MAX_BYTES: usize = 1024 * 1024;
