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
    payload: Vec<u8>,
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
        if self.payload.capacity() == 0 {
            self.payload = spare::take(piece.len());
        }
        // Reserves memory once, so that a large piece does not grow the payload beyond its needs.
        // The reservation for bytes that have not arrived is at most the length of this piece.
        let room = missing.min(piece.len() + piece.len().min(MAX_TRUST));
        memory::reserve(&mut self.payload, room)?;
        // Works block by block, so that each pass finds the bytes in the cache.
        for (index, block) in piece.chunks(BLOCK).enumerate() {
            let start = self.payload.len();
            self.payload.extend_from_slice(block);
            if let (Some(key), Some(new)) = (key, self.payload.get_mut(start..)) {
                mask(new, key, offset + index * BLOCK);
            }
            if self.check == TextCheck::Bytewise {
                self.proof
                    .extend(&self.payload)
                    .map_err(|_| ProtocolError::InvalidUtf8)?;
            }
        }
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
        let end = self.payload.len();
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
            TextCheck::Bytewise => self.proof.covers(&self.payload),
            TextCheck::WholeMessage => is_utf8(&self.payload),
            TextCheck::Never => true,
        };
        if is_good {
            Ok(kind)
        } else {
            Err(ProtocolError::InvalidUtf8)
        }
    }

    /// Releases the memory of a finished message.
    pub(crate) fn release(&mut self) {
        if self.unfinished.is_none() {
            spare::put(&mut self.payload);
            self.ends = Vec::new();
        }
    }

    /// Discards the message and its memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns the length of an incomplete message, and `None` between messages.
    pub(crate) fn unfinished(&self) -> Option<usize> {
        self.unfinished.map(|_| self.payload.len())
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Returns the offsets at which a new frame begins.
    pub(crate) fn cuts(&self) -> &[usize] {
        match self.ends.split_last() {
            Some((&last, before)) if last == self.payload.len() => before,
            _ => &self.ends,
        }
    }
}

/// The maximum memory reserved for bytes of a frame that have not arrived.
const MAX_TRUST: usize = 128 * 1024;
