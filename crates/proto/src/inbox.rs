//! Bytes received and not yet decoded.
//!
//! Knows how to hand out contiguous bytes and how to stay small. Does not know what a frame or a
//! head is.

use crate::memory::{self, NoMemory};
use crate::spare;

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    /// There was no memory for what came behind these bytes.
    is_cut: bool,
}

impl Inbox {
    /// Stores bytes, or finds that there is no memory for them: from then on all are dropped.
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        if self.is_cut {
            return;
        }
        // Moving the rest to the front only when it is the smaller part keeps the work per byte
        // constant, whatever the sizes of chunks and frames.
        if self.start > 0 && self.start >= self.unread().len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take(chunk.len());
        }
        self.is_cut = memory::append(&mut self.bytes, chunk) == Err(NoMemory);
    }

    /// Whether what is missing has been dropped, and will not come.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Takes `length` bytes, which the caller has seen in [`unread`](Self::unread), and returns
    /// where they are for [`taken`](Self::taken).
    pub(crate) fn take(&mut self, length: usize) -> Taken {
        let start = self.start;
        self.start = (start + length).min(self.bytes.len());
        Taken {
            start,
            end: self.start,
        }
    }

    /// Bytes taken before; valid until the next [`push`](Self::push) or [`release`](Self::release).
    pub(crate) fn taken(&self, taken: Taken) -> &[u8] {
        debug_assert!(
            taken.end <= self.start,
            "taken before the last push or release"
        );
        self.bytes.get(taken.start..taken.end).unwrap_or_default()
    }

    /// Like [`taken`](Self::taken), to unmask in place.
    pub(crate) fn taken_mut(&mut self, taken: Taken) -> &mut [u8] {
        self.bytes
            .get_mut(taken.start..taken.end)
            .unwrap_or_default()
    }

    /// Forgets everything and gives the memory back.
    pub(crate) fn clear(&mut self) {
        self.is_cut = false;
        self.give_back();
    }

    /// Gives back what a burst left behind, so that an idle connection costs next to nothing. For when
    /// what is unread is no more than the beginning of a frame: it is moved.
    pub(crate) fn release(&mut self) {
        if self.unread().is_empty() {
            return self.give_back();
        }
        self.bytes.drain(..self.start);
        self.start = 0;
        // More than that is a frame that is waited for as a whole, and goes on growing.
        if self.bytes.len() <= IDLE_CAPACITY {
            self.bytes.shrink_to(IDLE_CAPACITY);
        }
    }

    fn give_back(&mut self) {
        self.start = 0;
        spare::give(&mut self.bytes);
    }

    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// A stretch of the inbox that belongs to a frame.
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
    fn hands_out_bytes_across_pushes_in_order() {
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
    fn gives_the_memory_of_a_burst_back_once_it_is_read() {
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
