//! Turns messages into frames: masking with a new key per frame, and fragmentation.
//!
//! The sender compresses messages and orders them.

use super::prepared::Frame;
use crate::frame::encoder::{Header, MAX_HEADER, encode};
use crate::frame::mask::MaskKeys;
use crate::frame::{FrameStart, KeySource, Opcode, Rsv};
use crate::outbox::Outbox;
use crate::policy::Policy;

/// The framing of sent messages.
#[derive(Debug)]
pub(super) struct Framer {
    mask_keys: Option<MaskKeys>,
    /// The maximum length of a message in one frame.
    fragment_at: usize,
}

impl Framer {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            mask_keys: policy.mask_keys.clone(),
            fragment_at: policy
                .fragment_at
                .map_or(usize::MAX, |length| length.max(1)),
        }
    }

    /// Writes a message as one frame or several.
    #[inline]
    pub(super) fn message(&mut self, opcode: Opcode, rsv: Rsv, payload: &[u8], out: &mut Outbox) {
        let whole = FrameStart {
            fin: true,
            rsv,
            opcode,
        };
        if payload.len() <= self.fragment_at {
            self.frame(whole, KeySource::Policy, payload, out);
        } else {
            self.fragments(whole, payload, out);
        }
    }

    /// Returns the header of a message that is sent as it is, in one frame.
    pub(super) fn sole_header(&self, opcode: Opcode, length: usize) -> Option<Header> {
        let is_unchanged = self.mask_keys.is_none() && length <= self.fragment_at;
        is_unchanged.then(|| Header::new(FrameStart::whole(opcode), None, length))
    }

    fn fragments(&mut self, mut start: FrameStart, payload: &[u8], out: &mut Outbox) {
        let mut rest = payload;
        while let Some((fragment, behind)) = rest.split_at_checked(self.fragment_at)
            && !behind.is_empty()
        {
            start.fin = false;
            self.frame(start, KeySource::Policy, fragment, out);
            start = FrameStart::whole(Opcode::Continuation);
            rest = behind;
        }
        self.frame(start, KeySource::Policy, rest, out);
    }

    #[inline]
    pub(super) fn frame(
        &mut self,
        start: FrameStart,
        key: KeySource,
        payload: &[u8],
        out: &mut Outbox,
    ) {
        let key = match key {
            KeySource::Policy => self.mask_keys.as_mut().map(MaskKeys::next_key),
            KeySource::Unmasked => None,
            KeySource::Given(key) => Some(key),
        };
        out.append(MAX_HEADER + payload.len(), |bytes| {
            encode(start, key, payload, bytes);
        });
    }

    /// Writes a frame prepared for servers. A client encodes the payload again, because each of its
    /// frames has its own masking key.
    pub(super) fn ready(&mut self, opcode: Opcode, rsv: Rsv, frame: &Frame, out: &mut Outbox) {
        let payload = frame.payload();
        if self.mask_keys.is_none() && payload.len() <= self.fragment_at {
            out.push(frame.bytes());
        } else {
            self.message(opcode, rsv, payload, out);
        }
    }
}
