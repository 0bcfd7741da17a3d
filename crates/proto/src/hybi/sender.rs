//! Messages and control frames to bytes.
//!
//! Knows that clients mask with a fresh key per frame. Does not know whether anything may be sent now.

use super::encoder::encode;
use super::frame::{Opcode, Rsv};
use super::mask::MaskKeys;
use crate::outbox::Outbox;

/// The sending half of a connection.
#[derive(Debug)]
pub(crate) struct Sender {
    mask_keys: Option<MaskKeys>,
}

impl Sender {
    pub(crate) fn new(mask_keys: Option<MaskKeys>) -> Self {
        Self { mask_keys }
    }

    #[inline]
    pub(crate) fn send(&mut self, opcode: Opcode, rsv: Rsv, payload: &[u8], out: &mut Outbox) {
        let key = self.mask_keys.as_mut().map(MaskKeys::next_key);
        out.append(|bytes| encode(opcode, rsv, key, payload, bytes));
    }
}
