//! The received bytes that are not yet decoded.
//!
//! Provides contiguous slices and keeps memory small. Does not interpret the bytes.

use crate::memory::{self, NoMemory};
use crate::spare;

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    /// The allocator refused memory for the bytes that followed.
    is_cut: bool,
}

impl Inbox {
    /// Stores bytes. If the allocator refuses, discards these and all later bytes.
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        if self.is_cut {
            return;
        }
        // Moves the unread bytes to the front only if they are the smaller part. The work per byte
        // is then constant for all sizes of chunks and frames.
        if self.start > 0 && self.start >= self.unread().len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take(chunk.len());
        }
        self.is_cut = memory::append(&mut self.bytes, chunk) == Err(NoMemory);
    }

    /// Returns whether bytes were discarded for lack of memory.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Takes `length` bytes that the caller has seen in [`unread`](Self::unread). Returns their
    /// position for [`taken`](Self::taken).
    pub(crate) fn take(&mut self, length: usize) -> Taken {
        let start = self.start;
        self.start = (start + length).min(self.bytes.len());
        Taken {
            start,
            end: self.start,
        }
    }

    /// Returns taken bytes. The position is valid until the next [`push`](Self::push) or
    /// [`release`](Self::release).
    pub(crate) fn taken(&self, taken: Taken) -> &[u8] {
        debug_assert!(
            taken.end <= self.start,
            "taken before the last push or release"
        );
        self.bytes.get(taken.start..taken.end).unwrap_or_default()
    }

    /// Returns taken bytes like [`taken`](Self::taken), for unmasking in place.
    pub(crate) fn taken_mut(&mut self, taken: Taken) -> &mut [u8] {
        self.bytes
            .get_mut(taken.start..taken.end)
            .unwrap_or_default()
    }

    /// Discards all bytes and releases the memory.
    pub(crate) fn clear(&mut self) {
        self.is_cut = false;
        self.release_memory();
    }

    /// Releases the memory of a burst, so that an idle connection costs almost nothing. The
    /// unread bytes are moved, so the caller calls this when they are only the beginning of a
    /// frame.
    pub(crate) fn release(&mut self) {
        if self.unread().is_empty() {
            return self.release_memory();
        }
        self.bytes.drain(..self.start);
        self.start = 0;
        // A larger remainder belongs to a frame that is still growing.
        if self.bytes.len() <= IDLE_CAPACITY {
            self.bytes.shrink_to(IDLE_CAPACITY);
        }
    }

    fn release_memory(&mut self) {
        self.start = 0;
        spare::put(&mut self.bytes);
    }

    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// The position of bytes in the inbox that belong to a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    start: usize,
    end: usize,
}

const IDLE_CAPACITY: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_in_order_across_pushes() {
        let mut inbox = Inbox::default();
        inbox.push(b"abc");
        let first = inbox.take(2);
        assert_eq!(inbox.taken(first), b"ab");
        inbox.push(b"def");
        assert_eq!(inbox.unread(), b"cdef");
        let rest = inbox.take(4);
        assert_eq!(inbox.taken(rest), b"cdef");
        assert!(inbox.unread().is_empty());
    }

    #[test]
    fn the_memory_of_a_burst_is_released_after_reading() {
        let mut inbox = Inbox::default();
        inbox.push(&[0; 100_000]);
        inbox.release();
        assert_eq!(inbox.unread().len(), 100_000, "unread bytes stay");
        inbox.take(99_999);
        inbox.release();
        assert_eq!(inbox.unread(), [0], "and are moved");
        assert!(
            inbox.bytes.capacity() <= IDLE_CAPACITY,
            "{}",
            inbox.bytes.capacity()
        );
    }
}
