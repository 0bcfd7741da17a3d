//! Fragments to messages.
//!
//! Knows how the payload of a message grows, piece by piece as the bytes arrive, and whether its text
//! is still UTF-8. Does not know frames or limits: what is not admitted never gets here.

use crate::error::ProtocolError;
use crate::frame::mask::{MaskingKey, mask};
use crate::memory;
use crate::output::Kind;
use crate::spare;
use crate::utf8::Utf8Proof;

/// The message that is being received.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    unfinished: Option<Kind>,
    checks_text: bool,
    payload: Vec<u8>,
    proof: Utf8Proof,
}

impl Assembler {
    /// Starts a message. The last one is forgotten and its memory given back: the next may stay short
    /// and unfinished for as long as the peer likes. A text that is still to be transformed is not
    /// checked.
    pub(crate) fn begin(&mut self, kind: Kind, is_raw: bool) {
        self.release();
        self.unfinished = Some(kind);
        self.checks_text = kind == Kind::Text && !is_raw;
        self.proof = Utf8Proof::default();
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
            if self.checks_text {
                self.proof
                    .extend(&self.payload)
                    .map_err(|_| ProtocolError::InvalidUtf8)?;
            }
        }
        Ok(())
    }

    /// Ends the message, whose payload is lent out until the next one begins.
    pub(crate) fn finish(&mut self) -> Result<Kind, ProtocolError> {
        let kind = self
            .unfinished
            .take()
            .ok_or(ProtocolError::UnexpectedContinuation)?;
        if self.checks_text && !self.proof.covers(&self.payload) {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(kind)
    }

    /// Gives back the memory of a finished message.
    pub(crate) fn release(&mut self) {
        if self.unfinished.is_none() {
            spare::give(&mut self.payload);
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
}

/// Bytes of a frame that room is made for before they arrive.
const MAX_TRUST: usize = 128 * 1024;
/// Half of a common first-level data cache.
const BLOCK: usize = 16 * 1024;
