//! How many of the bytes that wait for a peer answer its own requests.
//!
//! If a peer sends requests and does not read the answers, we do not read from it until it does. Messages that the
//! application sends on its own do not count: two endpoints that send each other much must both continue to read.
//!
//! Knows positions in the stream of written bytes. Does not know which bytes are answers.

use crate::seam::MAX_REPLIES;

/// The waiting answers, in two parts: those counted before `until` was set, and those counted since. Once the stream
/// has passed `until`, the first part has been written. So the count stays accurate even if the application never
/// lets the output become empty.
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

    /// Notes that the stream has reached `position`, and that `waiting` bytes after it wait.
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
