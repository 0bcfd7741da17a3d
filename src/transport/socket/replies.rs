//! How much of what waits for a peer answers its own requests.
//!
//! A peer that sends requests and does not read the answers is not read from until it does. What the
//! application sends on its own account does not count: two ends that send much to each other must both go
//! on reading.
//!
//! Knows places in the stream of written bytes. Does not know which bytes are answers.

use crate::seam::MAX_REPLIES;

/// The answers that wait, in two parts: those counted before `until` was set, and those counted since. Once
/// the stream has passed `until`, the first part has left. So the count follows what waits, also where the
/// application keeps the socket from ever being empty.
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

    /// The stream has come to `position`, and `waiting` bytes behind it wait.
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
