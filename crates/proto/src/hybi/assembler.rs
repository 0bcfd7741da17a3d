//! Fragments to messages.
//!
//! Knows how the payload of a message grows, piece by piece as the bytes arrive, and whether its text
//! is still UTF-8. Does not know frames or limits: what is not admitted never gets here.

use crate::error::ProtocolError;
use crate::frame::mask::{BLOCK, MaskingKey, mask};
use crate::memory;
use crate::output::Kind;
use crate::policy::TextCheck;
use crate::spare;
use crate::utf8::{Utf8Proof, is_utf8};

/// The message that is being received.
#[derive(Debug)]
pub(crate) struct Assembler {
    unfinished: Option<Kind>,
    check: TextCheck,
    payload: Vec<u8>,
    proof: Utf8Proof,
    frames: u32,
    /// Where its frames end, if that is recorded.
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
    /// Starts a message. The last one is forgotten and its memory given back: the next may stay short
    /// and unfinished for as long as the peer likes.
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

    /// Adds a piece of a frame's payload; `offset` bytes of that frame came before it, and with the piece
    /// so many were still `missing`.
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
        // At once, so that a large piece does not grow the payload past what it needs. A peer that has
        // sent much of a frame is trusted with some more.
        let room = missing.min(piece.len() + piece.len().min(MAX_TRUST));
        memory::reserve(&mut self.payload, room)?;
        // Block by block, so that each pass finds the bytes where the last one left them: in the cache.
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

    /// Ends the message, whose payload is lent out until the next one begins.
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

    /// Gives back the memory of a finished message.
    pub(crate) fn release(&mut self) {
        if self.unfinished.is_none() {
            spare::give(&mut self.payload);
            self.ends = Vec::new();
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// How long the unfinished message is; `None` between messages.
    pub(crate) fn unfinished(&self) -> Option<usize> {
        self.unfinished.map(|_| self.payload.len())
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Where one frame of the message ends and the next begins.
    pub(crate) fn cuts(&self) -> &[usize] {
        match self.ends.split_last() {
            Some((&last, before)) if last == self.payload.len() => before,
            _ => &self.ends,
        }
    }
}

/// Bytes of a frame that room is made for before they arrive.
const MAX_TRUST: usize = 128 * 1024;
