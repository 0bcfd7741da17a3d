//! Assembles fragments into messages, and validates their text as the bytes arrive.
//!
//! The decoder has already checked the frames and the limits.

use crate::error::ProtocolError;
use crate::frame::mask::{BLOCK, MaskingKey, mask};
use crate::memory;
use crate::output::Kind;
use crate::policy::TextCheck;
use crate::spare;
use crate::utf8::{Utf8Proof, is_utf8};

/// The message being received.
#[derive(Debug)]
pub(crate) struct Assembler {
    unfinished: Option<Kind>,
    check: TextCheck,
    /// The message, up to `length`. The bytes behind it belong to earlier uses of the memory.
    payload: Vec<u8>,
    length: usize,
    proof: Utf8Proof,
    frames: u32,
    /// The ends of the frames in the payload, if the policy requires them.
    ends: Vec<usize>,
}

impl Default for Assembler {
    fn default() -> Self {
        Self {
            unfinished: None,
            check: TextCheck::Never,
            payload: Vec::new(),
            length: 0,
            proof: Utf8Proof::default(),
            frames: 0,
            ends: Vec::new(),
        }
    }
}

impl Assembler {
    /// Begins a message. Releases the memory of the previous message, because the new one may
    /// stay short and incomplete for an unlimited time.
    pub(crate) fn begin(&mut self, kind: Kind, check: TextCheck) {
        self.release();
        self.unfinished = Some(kind);
        self.check = match kind {
            Kind::Text => check,
            Kind::Binary => TextCheck::Never,
        };
        self.proof = Utf8Proof::default();
        self.frames = 0;
        self.ends = Vec::new();
    }

    /// Appends part of a frame's payload. `offset` is the position of `piece` in that payload, and
    /// `missing` is the number of payload bytes from there to the end of the frame.
    pub(crate) fn append(
        &mut self,
        piece: &[u8],
        key: Option<MaskingKey>,
        offset: usize,
        missing: usize,
    ) -> Result<(), ProtocolError> {
        self.reserve_for(piece, missing)?;
        // Works block by block, so that each pass finds the bytes in the cache.
        for (index, block) in piece.chunks(BLOCK).enumerate() {
            self.put(block);
            self.accept(block.len(), key, offset + index * BLOCK)?;
        }
        Ok(())
    }

    /// Stores part of a frame's payload behind the message, without unmasking it. `missing` is that of
    /// [`append`](Self::append). The next call is [`received`](Self::received).
    pub(crate) fn store(&mut self, piece: &[u8], missing: usize) -> Result<(), ProtocolError> {
        self.reserve_for(piece, missing)?;
        self.put(piece);
        Ok(())
    }

    /// Reserves memory for a piece, and once for the rest of a frame, so that a large piece does not grow the payload
    /// beyond its needs. The reservation for bytes that have not arrived is at most the length of the piece.
    fn reserve_for(&mut self, piece: &[u8], missing: usize) -> Result<(), ProtocolError> {
        self.take_memory(piece.len());
        self.reserve(missing.min(piece.len() + piece.len().min(MAX_TRUST)))
    }

    /// Writes bytes behind the message: over those of earlier uses, and then behind them.
    fn put(&mut self, bytes: &[u8]) {
        let used = self.payload.get_mut(self.length..).unwrap_or_default();
        let (over, behind) = bytes.split_at(bytes.len().min(used.len()));
        if let Some(used) = used.get_mut(..over.len()) {
            used.copy_from_slice(over);
        }
        self.payload.extend_from_slice(behind);
    }

    /// Returns memory for the next bytes of a frame, of which `missing` have not arrived. The memory is at most as
    /// long as the message so far: an announced length alone reserves nothing. The next call is
    /// [`received`](Self::received).
    pub(crate) fn room(&mut self, missing: usize) -> Result<&mut [u8], ProtocolError> {
        let room = missing.min(self.length).min(MAX_TRUST);
        self.take_memory(missing);
        self.reserve(room)?;
        let end = self.length + room;
        if self.payload.len() < end {
            self.payload.resize(end, 0);
        }
        Ok(self.payload.get_mut(self.length..end).unwrap_or_default())
    }

    /// Appends the first `length` bytes of the room. Key and offset are those of [`append`](Self::append).
    pub(crate) fn received(
        &mut self,
        length: usize,
        key: Option<MaskingKey>,
        offset: usize,
    ) -> Result<(), ProtocolError> {
        let mut done = 0;
        while done < length {
            let block = BLOCK.min(length - done);
            self.accept(block, key, offset + done)?;
            done += block;
        }
        Ok(())
    }

    /// Appends the bytes behind the message to it: unmasks and checks them.
    fn accept(
        &mut self,
        length: usize,
        key: Option<MaskingKey>,
        offset: usize,
    ) -> Result<(), ProtocolError> {
        let end = self.length + length;
        if let (Some(key), Some(new)) = (key, self.payload.get_mut(self.length..end)) {
            mask(new, key, offset);
        }
        self.length = end;
        if self.check == TextCheck::Bytewise {
            let text = self.payload.get(..end).unwrap_or_default();
            self.proof
                .extend(text)
                .map_err(|_| ProtocolError::InvalidUtf8)?;
        }
        Ok(())
    }

    fn take_memory(&mut self, length: usize) {
        if self.payload.capacity() == 0 {
            self.payload = spare::take_used(length);
        }
    }

    /// Reserves memory for `additional` bytes behind the message.
    fn reserve(&mut self, additional: usize) -> Result<(), ProtocolError> {
        let used = self.payload.len() - self.length;
        memory::reserve(&mut self.payload, additional.saturating_sub(used))?;
        Ok(())
    }

    /// Ends a frame.
    pub(crate) fn end_frame(
        &mut self,
        max_fragments: Option<u32>,
        records_ends: bool,
    ) -> Result<(), ProtocolError> {
        self.frames = self.frames.saturating_add(1);
        if max_fragments.is_some_and(|most| self.frames > most) {
            return Err(ProtocolError::TooManyFragments);
        }
        let end = self.length;
        if records_ends && end > self.ends.last().copied().unwrap_or(0) {
            self.ends
                .try_reserve(1)
                .map_err(|_| ProtocolError::NoMemory)?;
            self.ends.push(end);
        }
        Ok(())
    }

    /// Ends the message. The payload is available until the next message begins.
    pub(crate) fn finish(&mut self) -> Result<Kind, ProtocolError> {
        let kind = self
            .unfinished
            .take()
            .ok_or(ProtocolError::UnexpectedContinuation)?;
        let is_good = match self.check {
            TextCheck::Bytewise => self.proof.covers(self.payload()),
            TextCheck::WholeMessage => is_utf8(self.payload()),
            TextCheck::Never => true,
        };
        if is_good {
            Ok(kind)
        } else {
            Err(ProtocolError::InvalidUtf8)
        }
    }

    /// Releases the memory of a finished message. Returns whether there is no incomplete message.
    pub(crate) fn release(&mut self) -> bool {
        let is_between = self.unfinished.is_none();
        if is_between {
            spare::put(&mut self.payload);
            self.length = 0;
            self.ends = Vec::new();
        }
        is_between
    }

    /// Returns the length of an incomplete message, and `None` between messages.
    pub(crate) fn unfinished(&self) -> Option<usize> {
        self.unfinished.map(|_| self.length)
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.payload.get(..self.length).unwrap_or_default()
    }

    /// Returns the offsets at which a new frame begins.
    pub(crate) fn cuts(&self) -> &[usize] {
        match self.ends.split_last() {
            Some((&last, before)) if last == self.length => before,
            _ => &self.ends,
        }
    }
}

/// The maximum memory reserved for bytes of a frame that have not arrived.
const MAX_TRUST: usize = 128 * 1024;
