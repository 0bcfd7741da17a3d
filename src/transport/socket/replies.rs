//! The count of unwritten bytes that reply to the peer.
//!
//! If a peer sends messages and does not read the replies, we stop reading from it until it reads them. Other
//! messages of the application do not count: two endpoints that send each other many bytes must both continue to
//! read.
//!
//! Knows positions in the stream of written bytes. Does not know which bytes are replies.

use crate::seam::MAX_REPLIES;

/// The bytes of unwritten replies, in two parts: those counted before `until` was set, and those counted since. Once
/// the stream has reached `until`, the first part is written. The count therefore stays accurate even if the
/// application sends so much that the output never becomes empty.
#[derive(Default)]
pub(super) struct Replies {
    older: usize,
    newer: usize,
    until: u64,
}

impl Replies {
    pub(super) fn add(&mut self, bytes: usize) {
        self.newer += bytes;
    }

    /// Notes that the stream has reached `position`, and that `waiting` bytes after it are not written.
    pub(super) fn advance(&mut self, position: u64, waiting: usize) {
        if position >= self.until {
            self.older = self.newer;
            self.newer = 0;
            self.until = position + waiting as u64;
        }
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.older + self.newer >= MAX_REPLIES as usize
    }
}
