//! The received bytes that are not yet decoded.
//!
//! Provides contiguous slices and keeps memory small. Does not interpret the bytes.

use crate::memory::{self, NoMemory};
use crate::spare::{self, ROOM};

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// The received bytes, up to `end`. The bytes behind them belong to earlier uses of the memory.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
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
        self.bytes.truncate(self.end);
        if self.start > 0 && self.start >= self.unread().len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take(chunk.len());
        }
        self.is_cut = memory::append(&mut self.bytes, chunk) == Err(NoMemory);
        self.end = self.bytes.len();
    }

    /// Lets `read` write received bytes, and stores them. `read` returns their number. They stay in the memory of the
    /// read, unless earlier bytes precede them.
    pub(crate) fn read<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let Ok(mut room) = spare::take_room() else {
            let mut small = [0; IDLE_CAPACITY];
            let length = read(&mut small)?;
            self.push(small.get(..length).unwrap_or_default());
            return Ok(length);
        };
        let result = read(&mut room);
        let length = *result.as_ref().unwrap_or(&0);
        if self.unread().is_empty() && !self.is_cut && length > 0 {
            self.release_memory();
            self.end = length.min(room.len());
            self.bytes = room;
        } else {
            self.push(room.get(..length).unwrap_or_default());
            spare::put(&mut room);
        }
        result
    }

    /// Moves the unread bytes out of the memory of a large read, because they may stay for an unlimited time.
    pub(crate) fn settle(&mut self) {
        if self.is_in_room() {
            self.move_unread();
        }
    }

    /// Returns whether the bytes are in the memory of a read.
    fn is_in_room(&self) -> bool {
        self.bytes.capacity() == ROOM && self.bytes.len() == ROOM
    }

    fn move_unread(&mut self) {
        let rest = memory::copy_of(self.unread());
        self.is_cut |= rest.is_err();
        self.release_memory();
        self.bytes = rest.unwrap_or_default();
        self.end = self.bytes.len();
    }

    /// Returns whether there are neither unread nor discarded bytes.
    pub(crate) fn is_free(&self) -> bool {
        self.unread().is_empty() && !self.is_cut
    }

    /// Returns whether bytes were discarded for lack of memory.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Takes `length` bytes that the caller has seen in [`unread`](Self::unread). Returns their
    /// position for [`taken`](Self::taken).
    pub(crate) fn take(&mut self, length: usize) -> Taken {
        let start = self.start;
        self.start = (start + length).min(self.end);
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
        if self.is_in_room() {
            return self.move_unread();
        }
        self.bytes.drain(..self.start);
        self.start = 0;
        self.end = self.bytes.len();
        // A larger remainder belongs to a frame that is still growing.
        if self.bytes.len() <= IDLE_CAPACITY {
            self.bytes.shrink_to(IDLE_CAPACITY);
        }
    }

    fn release_memory(&mut self) {
        self.start = 0;
        self.end = 0;
        spare::put(&mut self.bytes);
    }

    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
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
