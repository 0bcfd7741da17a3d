//! The bytes to send, and the marks that report when bytes have passed.
//!
//! Separates writes for callers that take one frame at a time. Keeps memory for unwritten bytes
//! only. Does not interpret the bytes.

use std::collections::VecDeque;
use std::ops::Range;

use crate::memory::{self, NoMemory};
use crate::spare::{self, MAX_SLACK};

/// The bytes of a connection that the caller writes, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    /// The written bytes at the front. They stay until moving the rest costs no more than writing
    /// them did.
    written: usize,
    writes: Writes,
    /// The number of bytes removed before the first byte of `bytes`.
    offset: u64,
    /// The number of removed bytes that the caller may still return.
    away: u64,
    /// Most connections have none.
    marks: Option<Box<Marks>>,
    /// The allocator refused memory for a write. Later writes are discarded too.
    has_lost: bool,
}

/// Positions of marks in the stream of all bytes, counted from its beginning.
#[derive(Debug, Default)]
struct Marks {
    positions: VecDeque<u64>,
}

/// How the caller takes the bytes.
#[derive(Debug)]
enum Writes {
    /// Write by write.
    Apart(Option<Box<Ends>>),
    /// All bytes at once, for a transport. The ends of writes are not stored: for short frames they
    /// would need more memory than the bytes.
    Together,
}

/// The ends of the writes, and the number of taken writes.
#[derive(Debug, Default)]
struct Ends {
    ends: Vec<usize>,
    taken: usize,
}

impl Default for Writes {
    fn default() -> Self {
        Self::Apart(None)
    }
}

impl Ends {
    /// Takes the next write. Returns its place.
    fn take(&mut self) -> Option<Range<usize>> {
        let end = *self.ends.get(self.taken)?;
        let last = self.taken.checked_sub(1);
        let start = last.and_then(|last| self.ends.get(last));
        self.taken += 1;
        Some(start.copied().unwrap_or(0)..end)
    }
}

impl Outbox {
    /// Appends one write (a head or a frame) of at most `length` bytes, produced by `write`.
    pub(crate) fn append(&mut self, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.has_lost && self.make_room(length) == Err(NoMemory) {
            self.lose();
        }
        if self.has_lost {
            return;
        }
        write(&mut self.bytes);
        if let Writes::Apart(Some(apart)) = &mut self.writes {
            apart.ends.push(self.bytes.len());
        }
    }

    fn make_room(&mut self, length: usize) -> Result<(), NoMemory> {
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take(length);
        }
        if let Writes::Apart(apart) = &mut self.writes {
            let apart = apart.get_or_insert_default();
            apart.ends.try_reserve(1).map_err(|_| NoMemory)?;
        }
        memory::reserve(&mut self.bytes, length)
    }

    /// Records that a write was lost.
    pub(crate) fn lose(&mut self) {
        self.has_lost = true;
    }

    /// Returns whether a write was lost. The connection must fail.
    pub(crate) fn has_lost(&self) -> bool {
        self.has_lost
    }

    /// Returns whether a write was lost, and resets this state. Later writes follow the bytes
    /// before the loss.
    pub(crate) fn take_loss(&mut self) -> bool {
        std::mem::take(&mut self.has_lost)
    }

    /// Appends bytes as one write.
    pub fn push(&mut self, bytes: &[u8]) {
        self.append(bytes.len(), |all| all.extend_from_slice(bytes));
    }

    /// Returns whether no bytes wait here or with the caller, and none were lost.
    pub(crate) fn is_idle(&self) -> bool {
        self.bytes.is_empty() && self.away == 0 && !self.has_lost
    }

    /// Counts the first `written` bytes of a frame as written, and appends the others. The outbox is
    /// [idle](Self::is_idle).
    pub(crate) fn add_rest(&mut self, header: &[u8], payload: &[u8], written: usize) {
        if written > 0 {
            self.writes = Writes::Together;
        }
        self.offset += written as u64;
        let payload_written = written.saturating_sub(header.len());
        let header = header.get(written..).unwrap_or_default();
        let payload = payload.get(payload_written..).unwrap_or_default();
        if !payload.is_empty() || !header.is_empty() {
            self.append(header.len() + payload.len(), |bytes| {
                bytes.extend_from_slice(header);
                bytes.extend_from_slice(payload);
            });
        }
    }

    /// Returns the first write (a head or a frame) not taken yet. After a transport has begun to
    /// write, the writes are no longer separated.
    pub fn take_first(&mut self) -> Option<&[u8]> {
        let next = match &mut self.writes {
            Writes::Apart(Some(apart)) => apart.take(),
            Writes::Apart(None) | Writes::Together => None,
        };
        match next {
            Some(write) => self.bytes.get(write),
            None => {
                self.clear();
                None
            }
        }
    }

    /// Takes all unwritten bytes. The caller writes them.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        self.writes = Writes::Together;
        let mut bytes = std::mem::take(&mut self.bytes);
        self.offset += bytes.len() as u64;
        bytes.drain(..self.written);
        self.away = bytes.len() as u64;
        self.clear();
        bytes
    }

    /// Takes all unwritten bytes as [`take_bytes`](Self::take_bytes) does, for a caller that has copied them and writes
    /// the copy.
    pub fn take_copied(&mut self) {
        self.writes = Writes::Together;
        let taken = self.bytes().len();
        self.clear();
        self.away = taken as u64;
    }

    /// Puts back the unwritten part of taken bytes, before all other bytes. The other taken bytes
    /// count as sent. Returns false if the allocator refuses; the connection cannot then continue.
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

    /// Records that the first `written` bytes of [`bytes`](Self::bytes) were written.
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

    /// Moves the rest to the front, or to a smaller buffer if the capacity is excessive.
    fn discard_written(&mut self) {
        self.offset += self.written as u64;
        let rest = self.bytes.get(self.written..).unwrap_or_default();
        let is_oversized = self.bytes.capacity() / MAX_SLACK > rest.len();
        let smaller = is_oversized.then(|| memory::copy_of(rest));
        if let Some(Ok(rest)) = smaller {
            spare::put(&mut self.bytes);
            self.bytes = rest;
        } else {
            self.bytes.drain(..self.written);
        }
        self.written = 0;
    }

    /// Sets the number of written bytes that have not passed yet, such as bytes that TLS has
    /// encrypted.
    pub fn set_away(&mut self, bytes: usize) {
        self.away = bytes as u64;
    }

    /// Marks the end of the current bytes. Their sender waits until they have passed.
    pub(crate) fn mark(&mut self) {
        let place = self.offset + self.bytes.len() as u64;
        let marks = self.marks.get_or_insert_default();
        if memory::push(&mut marks.positions, place) == Err(NoMemory) {
            self.lose();
        }
    }

    /// Returns whether [`take_passed`](Self::take_passed) would return more than zero.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        let first = self
            .marks
            .as_ref()
            .and_then(|marks| marks.positions.front());
        first.is_some_and(|&mark| mark <= self.passed_bytes())
    }

    /// Returns the number of marks that have passed since the last call.
    pub fn take_passed(&mut self) -> usize {
        let passed_bytes = self.passed_bytes();
        let Some(marks) = &mut self.marks else {
            return 0;
        };
        let passed = marks
            .positions
            .partition_point(|&mark| mark <= passed_bytes);
        marks.positions.drain(..passed);
        spare::shrink(&mut marks.positions);
        passed
    }

    /// Returns the number of written bytes, which is the position of the first byte of
    /// [`bytes`](Self::bytes).
    #[must_use]
    pub fn position(&self) -> u64 {
        self.offset + self.written as u64
    }

    /// Returns the number of bytes that have passed.
    fn passed_bytes(&self) -> u64 {
        self.position().saturating_sub(self.away)
    }

    /// Discards all bytes and marks. They will not pass.
    pub fn discard(&mut self) {
        self.marks = None;
        self.has_lost = false;
        self.clear();
    }

    /// Discards the written bytes, and releases the memory of a burst.
    pub fn clear(&mut self) {
        self.offset += self.bytes.len() as u64;
        self.written = 0;
        spare::put(&mut self.bytes);
        if let Writes::Apart(Some(apart)) = &mut self.writes {
            apart.taken = 0;
            apart.ends.clear();
            apart.ends.shrink_to(IDLE_WRITES);
        }
    }

    /// Returns all unwritten bytes as one slice, for a transport.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// Returns whether the outbox has no bytes to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

const IDLE_WRITES: usize = 16;
/// The written bytes at the front that do not justify a move.
const MIN_MOVED: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_stay_separate_and_in_order() {
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
    fn unwritten_bytes_return_to_the_front() {
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
    fn a_mark_passes_when_the_kernel_has_accepted_all_bytes_before_it() {
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
        // All earlier bytes have passed.
        outbox.mark();
        assert_eq!(outbox.take_passed(), 1);
    }

    #[test]
    fn taken_bytes_have_not_passed() {
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
    fn copied_bytes_are_taken_like_others() {
        let mut outbox = marked("one");
        outbox.advance(1);
        append_marked(&mut outbox, "two");
        assert_eq!(outbox.bytes(), b"netwo");
        outbox.take_copied();
        append_marked(&mut outbox, "three");
        assert_eq!(outbox.take_passed(), 0);
        assert!(outbox.put_back(b"wo".to_vec()));
        assert_eq!((outbox.bytes(), outbox.position()), (&b"wothree"[..], 4));
        assert_eq!(outbox.take_passed(), 1);
    }

    #[test]
    fn encrypted_bytes_pass_when_the_kernel_has_accepted_them() {
        let mut outbox = marked("message");
        outbox.advance(7);
        // The encrypted form is longer than all bytes so far.
        outbox.set_away(29);
        assert!(!outbox.has_passed());
        outbox.set_away(1);
        assert!(!outbox.has_passed());
        outbox.set_away(0);
        assert_eq!(outbox.take_passed(), 1);
    }

    #[test]
    fn marks_of_discarded_bytes_never_pass() {
        let mut outbox = marked("lost");
        outbox.discard();
        assert!(!outbox.has_passed());
        assert_eq!(outbox.take_passed(), 0);
        append_marked(&mut outbox, "kept");
        outbox.advance(4);
        assert_eq!(outbox.take_passed(), 1);
    }
}
