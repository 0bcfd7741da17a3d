//! Bytes on their way out.
//!
//! Knows where one write ends and the next begins, for callers that hand over one frame at a time, and which
//! marks have left. Keeps memory for what waits, not for what has been written. Does not know what the
//! bytes mean.

use std::collections::VecDeque;

use crate::memory::{self, NoMemory};
use crate::spare::{self, MAX_SLACK};

/// Bytes that the connection wants written, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    /// Bytes at the front that have been written. They stay until moving the rest over them costs no more
    /// than writing them did.
    written: usize,
    writes: Writes,
    /// Bytes that were here before the first one that is.
    offset: u64,
    /// How many of those are elsewhere: they may come back.
    away: u64,
    /// Places in the stream of all bytes: what is before them has left, or not yet.
    marks: VecDeque<u64>,
    /// There was no memory for a write. What would come behind it is dropped as well.
    has_lost: bool,
}

/// How the bytes are handed out.
#[derive(Debug)]
enum Writes {
    /// Write by write: where each of them ends, and how many have been taken.
    Apart { ends: Vec<usize>, taken: usize },
    /// As one stretch, to a transport. The ends of writes are not kept: for short frames they would take
    /// more memory than the bytes.
    Together,
}

impl Default for Writes {
    fn default() -> Self {
        Self::Apart {
            ends: Vec::new(),
            taken: 0,
        }
    }
}

impl Outbox {
    /// Lets `write` append one write, a head or a frame, of at most `length` bytes.
    pub(crate) fn append(&mut self, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.has_lost && self.make_room(length) == Err(NoMemory) {
            self.lose();
        }
        if self.has_lost {
            return;
        }
        write(&mut self.bytes);
        if let Writes::Apart { ends, .. } = &mut self.writes {
            ends.push(self.bytes.len());
        }
    }

    fn make_room(&mut self, length: usize) -> Result<(), NoMemory> {
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take(length);
        }
        if let Writes::Apart { ends, .. } = &mut self.writes {
            ends.try_reserve(1).map_err(|_| NoMemory)?;
        }
        memory::reserve(&mut self.bytes, length)
    }

    /// A write could not be made.
    pub(crate) fn lose(&mut self) {
        self.has_lost = true;
    }

    /// Whether a write has been lost: the connection has to fail.
    pub(crate) fn has_lost(&self) -> bool {
        self.has_lost
    }

    /// The same, once. From now on, what is appended follows what was there before the loss.
    pub(crate) fn take_loss(&mut self) -> bool {
        std::mem::take(&mut self.has_lost)
    }

    /// Appends bytes that are no frame of ours.
    pub fn push(&mut self, bytes: &[u8]) {
        self.append(bytes.len(), |all| all.extend_from_slice(bytes));
    }

    /// Head by head and frame by frame, as some callers want it: the first write that has not been taken. What a
    /// transport has begun to write is not told apart.
    pub fn take_first(&mut self) -> Option<&[u8]> {
        let next = match &mut self.writes {
            Writes::Apart { ends, taken } => ends.get(*taken).map(|&end| {
                let start = taken.checked_sub(1).and_then(|last| ends.get(last));
                let start = start.copied().unwrap_or(0);
                *taken += 1;
                start..end
            }),
            Writes::Together => None,
        };
        match next {
            Some(write) => self.bytes.get(write),
            None => {
                self.clear();
                None
            }
        }
    }

    /// Everything, to be written elsewhere.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        self.writes = Writes::Together;
        let mut bytes = std::mem::take(&mut self.bytes);
        self.offset += bytes.len() as u64;
        bytes.drain(..self.written);
        self.away = bytes.len() as u64;
        self.clear();
        bytes
    }

    /// Puts back what was taken and not written, before everything else. The rest has left. False when there
    /// is no memory for it: then the stream cannot go on.
    #[must_use = "bytes may be missing"]
    pub fn put_back(&mut self, rest: Vec<u8>) -> bool {
        self.offset += self.written as u64;
        self.offset -= rest.len() as u64;
        self.away = 0;
        let later = std::mem::replace(&mut self.bytes, rest);
        let later = later.get(self.written..).unwrap_or_default();
        self.written = 0;
        memory::append(&mut self.bytes, later) == Ok(())
    }

    /// So many of the [`bytes`](Self::bytes) have been written.
    pub fn advance(&mut self, written: usize) {
        self.writes = Writes::Together;
        self.written += written;
        let left = self.bytes.len().saturating_sub(self.written);
        if left == 0 {
            self.clear();
        } else if self.written >= left.max(MIN_MOVED) {
            self.discard_written();
        }
    }

    /// Moves the rest to the front, or to a smaller buffer if it no longer needs one of this size.
    fn discard_written(&mut self) {
        self.offset += self.written as u64;
        let rest = self.bytes.get(self.written..).unwrap_or_default();
        let is_oversized = self.bytes.capacity() / MAX_SLACK > rest.len();
        let smaller = is_oversized.then(|| memory::copy_of(rest));
        if let Some(Ok(rest)) = smaller {
            spare::give(&mut self.bytes);
            self.bytes = rest;
        } else {
            self.bytes.drain(..self.written);
        }
        self.written = 0;
    }

    /// So many of the bytes that have been written are still on their way, in another form.
    pub fn set_away(&mut self, bytes: usize) {
        self.away = bytes as u64;
    }

    /// Marks the end of what is here: its sender waits for it to leave.
    pub(crate) fn mark(&mut self) {
        let place = self.offset + self.bytes.len() as u64;
        if memory::push(&mut self.marks, place) == Err(NoMemory) {
            self.lose();
        }
    }

    /// Whether [`take_passed`](Self::take_passed) has something to say.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.marks
            .front()
            .is_some_and(|&mark| mark <= self.passed_bytes())
    }

    /// How many marks have left since it was last asked.
    pub fn take_passed(&mut self) -> usize {
        let passed_bytes = self.passed_bytes();
        let passed = self.marks.partition_point(|&mark| mark <= passed_bytes);
        self.marks.drain(..passed);
        spare::shrink(&mut self.marks);
        passed
    }

    /// How many bytes have been written: those of [`bytes`](Self::bytes) come next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.offset + self.written as u64
    }

    /// How many bytes have left, for good.
    fn passed_bytes(&self) -> u64 {
        self.position().saturating_sub(self.away)
    }

    /// Forgets everything: it will not leave.
    pub fn discard(&mut self) {
        self.marks = VecDeque::new();
        self.has_lost = false;
        self.clear();
    }

    /// Forgets what has been written, and the memory of a burst with it.
    pub fn clear(&mut self) {
        self.offset += self.bytes.len() as u64;
        self.written = 0;
        spare::give(&mut self.bytes);
        if let Writes::Apart { ends, taken } = &mut self.writes {
            *taken = 0;
            ends.clear();
            ends.shrink_to(IDLE_WRITES);
        }
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
/// Bytes that have been written and are not worth moving anything for.
const MIN_MOVED: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_writes_apart_and_in_order() {
        let mut outbox = Outbox::default();
        outbox.push(b"head");
        outbox.push(b"frame");
        assert_eq!(outbox.bytes(), b"headframe");
        assert_eq!(outbox.take_first(), Some(&b"head"[..]));
        assert_eq!(outbox.take_first(), Some(&b"frame"[..]));
        outbox.push(b"more");
        assert_eq!(outbox.take_first(), Some(&b"more"[..]));
        assert_eq!(outbox.take_first(), None);
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_was_not_written_stays_first() {
        let mut outbox = Outbox::default();
        outbox.push(b"written here");
        outbox.advance(8);
        assert_eq!(outbox.bytes(), b"here");
        let away = outbox.take_bytes();
        assert_eq!((away.as_slice(), outbox.is_empty()), (&b"here"[..], true));
        outbox.push(b" and later");
        assert!(outbox.put_back(away[1..].to_vec()));
        assert_eq!(outbox.bytes(), b"ere and later");
        outbox.advance(13);
        assert!(outbox.is_empty());
    }

    fn marked(text: &str) -> Outbox {
        let mut outbox = Outbox::default();
        append_marked(&mut outbox, text);
        outbox
    }

    fn append_marked(outbox: &mut Outbox, text: &str) {
        outbox.push(text.as_bytes());
        outbox.mark();
    }

    #[test]
    fn a_mark_passes_when_everything_before_it_has_left() {
        let mut outbox = marked("one");
        append_marked(&mut outbox, "three");
        outbox.push(b"no receipt comes here");
        assert!(!outbox.has_passed());
        outbox.advance(2);
        assert_eq!(outbox.take_passed(), 0);
        outbox.advance(1);
        assert!(outbox.has_passed());
        assert_eq!((outbox.take_passed(), outbox.take_passed()), (1, 0));
        outbox.advance(29 - 3);
        assert!(outbox.is_empty());
        assert_eq!(outbox.take_passed(), 1);
        append_marked(&mut outbox, "again");
        assert_eq!(outbox.take_passed(), 0);
        outbox.clear();
        assert_eq!(outbox.take_passed(), 1);
        // There is nothing before it that has not left.
        outbox.mark();
        assert_eq!(outbox.take_passed(), 1);
    }

    #[test]
    fn what_is_elsewhere_has_not_left() {
        let mut outbox = marked("one");
        outbox.advance(1);
        append_marked(&mut outbox, "two");
        let away = outbox.take_bytes();
        append_marked(&mut outbox, "three");
        assert_eq!((away.as_slice(), outbox.take_passed()), (&b"netwo"[..], 0));
        assert!(outbox.put_back(away[3..].to_vec()));
        assert_eq!(outbox.bytes(), b"wothree");
        assert_eq!(outbox.take_passed(), 1);
        outbox.advance(2);
        assert_eq!(outbox.take_passed(), 1);
        let away = outbox.take_bytes();
        assert_eq!((away.as_slice(), outbox.take_passed()), (&b"three"[..], 0));
        assert!(outbox.put_back(Vec::new()));
        assert_eq!(outbox.take_passed(), 1);
    }

    #[test]
    fn what_has_another_form_has_not_left() {
        let mut outbox = marked("message");
        outbox.advance(7);
        // With what is around it, it is longer than all that was ever here.
        outbox.set_away(29);
        assert!(!outbox.has_passed());
        outbox.set_away(1);
        assert!(!outbox.has_passed());
        outbox.set_away(0);
        assert_eq!(outbox.take_passed(), 1);
    }

    #[test]
    fn what_is_discarded_never_leaves() {
        let mut outbox = marked("lost");
        outbox.discard();
        assert!(!outbox.has_passed());
        assert_eq!(outbox.take_passed(), 0);
        append_marked(&mut outbox, "kept");
        outbox.advance(4);
        assert_eq!(outbox.take_passed(), 1);
    }
}
