//! Bytes on their way out.
//!
//! Knows where one write ends and the next begins, for those who hand over one frame at a time. Does
//! not know what the bytes mean.

use crate::spare;

/// Bytes that the connection wants written, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Writes handed out one by one.
    taken: usize,
    /// Bytes that have been written of what is here.
    written: usize,
}

impl Outbox {
    /// Makes room for so many bytes, which are about to be appended.
    pub(crate) fn expect(&mut self, length: usize) {
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take(length);
        }
    }

    /// Lets `write` append one write: a head or a frame.
    pub(crate) fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.expect(1);
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Head by head and frame by frame, what a driver emits: the first write that has not been taken.
    pub fn take_first(&mut self) -> Option<&[u8]> {
        if self.taken == self.ends.len() {
            self.clear();
            return None;
        }
        let start = self
            .taken
            .checked_sub(1)
            .and_then(|last| self.ends.get(last))
            .copied();
        let end = *self.ends.get(self.taken)?;
        self.taken += 1;
        self.bytes.get(start.unwrap_or(0)..end)
    }

    /// Everything, to be written elsewhere.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.drain(..self.written);
        self.clear();
        bytes
    }

    /// Puts back what was taken and not written, before everything else.
    pub fn put_back(&mut self, rest: Vec<u8>) {
        let later = std::mem::replace(&mut self.bytes, rest);
        self.bytes
            .extend_from_slice(later.get(self.written..).unwrap_or_default());
        self.written = 0;
    }

    /// So many of the [`bytes`](Self::bytes) have been written.
    pub fn advance(&mut self, written: usize) {
        self.written += written;
        if self.written >= self.bytes.len() {
            self.clear();
        }
    }

    /// Forgets what has been written, and the memory of a burst with it.
    pub fn clear(&mut self) {
        self.taken = 0;
        self.written = 0;
        spare::give(&mut self.bytes);
        self.ends.clear();
        self.ends.shrink_to(IDLE_WRITES);
    }

    /// Everything, as one piece: what a transport writes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

const IDLE_WRITES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_writes_apart_and_in_order() {
        let mut outbox = Outbox::default();
        outbox.append(|bytes| bytes.extend_from_slice(b"head"));
        outbox.append(|bytes| bytes.extend_from_slice(b"frame"));
        assert_eq!(outbox.bytes(), b"headframe");
        assert_eq!(outbox.take_first(), Some(&b"head"[..]));
        assert_eq!(outbox.take_first(), Some(&b"frame"[..]));
        outbox.append(|bytes| bytes.extend_from_slice(b"more"));
        assert_eq!(outbox.take_first(), Some(&b"more"[..]));
        assert_eq!(outbox.take_first(), None);
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_was_not_written_stays_first() {
        let mut outbox = Outbox::default();
        outbox.append(|bytes| bytes.extend_from_slice(b"written here"));
        outbox.advance(8);
        assert_eq!(outbox.bytes(), b"here");
        let away = outbox.take_bytes();
        assert_eq!((away.as_slice(), outbox.is_empty()), (&b"here"[..], true));
        outbox.append(|bytes| bytes.extend_from_slice(b" and later"));
        outbox.put_back(away[1..].to_vec());
        assert_eq!(outbox.bytes(), b"ere and later");
        outbox.advance(13);
        assert!(outbox.is_empty());
    }
}
