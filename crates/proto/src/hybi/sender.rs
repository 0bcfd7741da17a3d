//! Messages and control frames to bytes.
//!
//! Knows that clients mask with a fresh key per frame, how messages are compressed, and that whatever is
//! sent behind a large message waits for it. Does not know whether anything may be sent now.

use std::collections::VecDeque;

use super::encoder::encode;
use super::frame::{Opcode, Rsv};
use super::mask::MaskKeys;
use crate::extension::deflate::{Deflater, RSV};
use crate::outbox::Outbox;

/// The sending half of a connection.
#[derive(Debug)]
pub(crate) struct Sender {
    mask_keys: Option<MaskKeys>,
    /// Boxed: most connections have none.
    deflater: Option<Box<Deflater>>,
    backlog: Backlog,
}

/// Frames that are sent in slices of work: a large message that is being compressed, and what was sent
/// behind it.
#[derive(Debug, Default)]
struct Backlog {
    frames: VecDeque<Waiting>,
    /// Of their payloads.
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    opcode: Opcode,
    length: usize,
    /// `None` for the message that the deflater has.
    payload: Option<Vec<u8>>,
}

impl Sender {
    pub(crate) fn new(mask_keys: Option<MaskKeys>) -> Self {
        Self {
            mask_keys,
            deflater: None,
            backlog: Backlog::default(),
        }
    }

    /// From now on messages are compressed.
    pub(crate) fn deflate(&mut self, deflater: Deflater) {
        self.deflater = Some(Box::new(deflater));
    }

    /// Sends a frame of ours: a message, or a control frame.
    #[inline]
    pub(crate) fn send(&mut self, opcode: Opcode, payload: &[u8], out: &mut Outbox) {
        match &self.deflater {
            None => self.send_as_it_is(opcode, Rsv::default(), payload, out),
            Some(_) => self.compress_or_wait(opcode, payload, out),
        }
    }

    /// Sends a frame that sessions outside the core have made, or one for which nothing needs to be made.
    #[inline]
    pub(crate) fn send_as_it_is(
        &mut self,
        opcode: Opcode,
        rsv: Rsv,
        payload: &[u8],
        out: &mut Outbox,
    ) {
        let key = self.mask_keys.as_mut().map(MaskKeys::next_key);
        out.append(|bytes| encode(opcode, rsv, key, payload, bytes));
    }

    /// Whether frames wait for [`work`](Self::work).
    pub(crate) fn has_work(&self) -> bool {
        !self.backlog.frames.is_empty()
    }

    /// Bytes of messages that wait for it.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.backlog.bytes
    }

    /// Does one slice of the work that waits.
    pub(crate) fn work(&mut self, out: &mut Outbox) {
        let mut budget = SLICE;
        while budget > 0
            && let Some(Waiting {
                opcode,
                length,
                payload,
            }) = self.backlog.frames.pop_front()
        {
            let done = match payload {
                Some(payload) if opcode.is_control() || !Deflater::is_large(length) => {
                    budget = budget.saturating_sub(length + FRAME_COST);
                    self.send_now(opcode, &payload, out);
                    true
                }
                _ => {
                    budget = 0;
                    self.compress_slice(opcode, payload, out)
                }
            };
            if done {
                self.backlog.bytes -= length;
            } else {
                let payload = None;
                self.backlog.frames.push_front(Waiting {
                    opcode,
                    length,
                    payload,
                });
            }
        }
    }

    /// Forgets what waits.
    pub(crate) fn stop(&mut self) {
        self.backlog = Backlog::default();
        self.deflater = None;
    }

    fn compress_or_wait(&mut self, opcode: Opcode, payload: &[u8], out: &mut Outbox) {
        let is_large = !opcode.is_control() && Deflater::is_large(payload.len());
        if is_large || self.has_work() {
            self.backlog.bytes += payload.len();
            self.backlog.frames.push_back(Waiting {
                opcode,
                length: payload.len(),
                payload: Some(payload.to_vec()),
            });
        } else {
            self.send_now(opcode, payload, out);
        }
    }

    fn send_now(&mut self, opcode: Opcode, payload: &[u8], out: &mut Outbox) {
        match &mut self.deflater {
            Some(deflater) if !opcode.is_control() => {
                let key = self.mask_keys.as_mut().map(MaskKeys::next_key);
                deflater.message(payload, |compressed| {
                    out.append(|bytes| encode(opcode, RSV, key, compressed, bytes));
                });
            }
            _ => self.send_as_it_is(opcode, Rsv::default(), payload, out),
        }
    }

    /// True when the message has been sent.
    fn compress_slice(
        &mut self,
        opcode: Opcode,
        payload: Option<Vec<u8>>,
        out: &mut Outbox,
    ) -> bool {
        let Some(deflater) = &mut self.deflater else {
            return true;
        };
        if let Some(payload) = payload {
            deflater.start(payload);
        }
        let Some(compressed) = deflater.resume() else {
            return false;
        };
        self.send_as_it_is(opcode, RSV, &compressed, out);
        true
    }
}

/// Bytes of waiting messages that are compressed at a time.
const SLICE: usize = 128 * 1024;
/// In bytes of work: what the shortest of them costs.
const FRAME_COST: usize = 1024;
