//! Messages and control frames to bytes.
//!
//! Knows how messages are compressed, and that what is sent behind a large message waits for it. Does not
//! know whether anything may be sent now.

use std::collections::VecDeque;

use super::framer::Framer;
use super::prepared::Prepared;
use super::transformer::Transformer;
use crate::extension::deflate::{Alone, Deflater, RSV};
use crate::frame::{FrameStart, KeySource, Opcode, Rsv};
use crate::memory::{self, NoMemory};
use crate::outbox::Outbox;
use crate::output::{Form, Kind};
use crate::policy::Policy;
use crate::spare;

/// The sending half of a connection.
#[derive(Debug)]
pub(crate) struct Sender {
    framer: Framer,
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
    /// What it is, or opens.
    opcode: Opcode,
    length: usize,
    payload: Payload,
    /// It has a receipt.
    is_marked: bool,
}

#[derive(Debug)]
enum Payload {
    /// A message that is sent as it is.
    Plain(Vec<u8>),
    /// A frame of the application's, or a control frame.
    Frame(FrameStart, KeySource, Vec<u8>),
    ToCompress(Vec<u8>),
    /// The deflater has it.
    Started,
    /// Compressed on its own, once for all connections that send it.
    Prepared(Prepared, Alone),
}

impl Sender {
    pub(crate) fn new(policy: &Policy) -> Self {
        Self {
            framer: Framer::new(policy),
            backlog: Backlog::default(),
        }
    }

    /// Sends a message.
    #[inline]
    pub(crate) fn send(
        &mut self,
        kind: Kind,
        form: Form,
        payload: &[u8],
        transformer: &mut Transformer,
        out: &mut Outbox,
    ) {
        let opcode = Opcode::from(kind);
        match transformer {
            Transformer::Nothing | Transformer::Sessions(_) => {
                self.framer.message(opcode, Rsv::default(), payload, out);
            }
            Transformer::Deflate(deflate) => {
                let deflater = &mut deflate.deflater;
                let compresses = form == Form::Negotiated && deflater.compresses(payload.len());
                self.compress_or_wait(opcode, compresses.then_some(deflater), payload, out);
            }
        }
    }

    /// Sends one frame, as it is.
    pub(crate) fn send_frame(
        &mut self,
        start: FrameStart,
        key: KeySource,
        payload: &[u8],
        out: &mut Outbox,
    ) {
        if !self.has_work() {
            return self.framer.frame(start, key, payload, out);
        }
        match memory::copy_of(payload) {
            Ok(copy) => {
                let waiting = Payload::Frame(start, key, copy);
                self.wait(start.opcode, payload.len(), waiting, out);
            }
            Err(NoMemory) => out.lose(),
        }
    }

    /// Sends a message that was made for many connections.
    #[inline]
    pub(crate) fn send_prepared(
        &mut self,
        prepared: &Prepared,
        form: Form,
        transformer: &mut Transformer,
        out: &mut Outbox,
    ) {
        let opcode = Opcode::from(prepared.kind());
        let deflater = match transformer {
            Transformer::Nothing | Transformer::Sessions(_) => {
                return self
                    .framer
                    .ready(opcode, Rsv::default(), prepared.plain(), out);
            }
            Transformer::Deflate(deflate) => &mut deflate.deflater,
        };
        let payload = prepared.payload();
        let compresses = form == Form::Negotiated && deflater.compresses(payload.len());
        match deflater.alone() {
            Some(alone) if compresses => self.send_alone(prepared, alone, out),
            _ if compresses || self.has_work() => {
                self.compress_or_wait(opcode, compresses.then_some(deflater), payload, out);
            }
            _ => self
                .framer
                .ready(opcode, Rsv::default(), prepared.plain(), out),
        }
    }

    /// Sends a message that sessions outside the core have made.
    pub(crate) fn send_transformed(
        &mut self,
        kind: Kind,
        rsv: Rsv,
        payload: &[u8],
        out: &mut Outbox,
    ) {
        self.framer.message(Opcode::from(kind), rsv, payload, out);
    }

    /// Marks the end of what has been sent, wherever that is.
    pub(crate) fn mark(&mut self, out: &mut Outbox) {
        match self.backlog.frames.back_mut() {
            Some(last) => last.is_marked = true,
            None => out.mark(),
        }
    }

    /// Whether frames wait for [`work`](Self::work).
    pub(crate) fn has_work(&self) -> bool {
        !self.backlog.frames.is_empty()
    }

    /// Bytes of messages that wait for it.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.backlog.bytes
    }

    /// Does one slice of the work that waits. Frames wait for a deflater only.
    pub(crate) fn work(&mut self, deflater: &mut Deflater, out: &mut Outbox) {
        let mut budget = Deflater::SLICE;
        while budget > 0
            && let Some(Waiting {
                opcode,
                length,
                payload,
                is_marked,
            }) = self.backlog.frames.pop_front()
        {
            let is_slow = match &payload {
                Payload::Plain(_) | Payload::Frame(..) => false,
                Payload::ToCompress(_) => Deflater::is_large(length),
                Payload::Started => true,
                Payload::Prepared(prepared, alone) => {
                    Deflater::is_large(length) && prepared.compressed(*alone).is_none()
                }
            };
            budget = match is_slow {
                true => 0,
                false => budget.saturating_sub(length + FRAME_COST),
            };
            let left = match payload {
                Payload::Plain(payload) => {
                    self.framer.message(opcode, Rsv::default(), &payload, out);
                    None
                }
                Payload::Frame(start, key, payload) => {
                    self.framer.frame(start, key, &payload, out);
                    None
                }
                Payload::ToCompress(payload) if !is_slow => {
                    self.compress(opcode, deflater, &payload, out);
                    None
                }
                Payload::ToCompress(payload) => {
                    deflater.start(payload);
                    self.compress_slice(opcode, deflater, out)
                }
                Payload::Started => self.compress_slice(opcode, deflater, out),
                Payload::Prepared(prepared, alone) => self.compress_prepared(prepared, alone, out),
            };
            match left {
                None => {
                    self.backlog.bytes -= length;
                    if is_marked && !out.has_lost() {
                        out.mark();
                    }
                }
                Some(payload) => self.backlog.frames.push_front(Waiting {
                    opcode,
                    length,
                    payload,
                    is_marked,
                }),
            }
        }
        spare::shrink(&mut self.backlog.frames);
    }

    /// Discards the backlog.
    pub(crate) fn discard(&mut self) {
        self.backlog = Backlog::default();
    }

    /// `deflater` is `None` for a frame that is sent as it is.
    fn compress_or_wait(
        &mut self,
        opcode: Opcode,
        deflater: Option<&mut Deflater>,
        payload: &[u8],
        out: &mut Outbox,
    ) {
        let length = payload.len();
        match deflater {
            Some(deflater) if !Deflater::is_large(length) && !self.has_work() => {
                self.compress(opcode, deflater, payload, out);
            }
            None if !self.has_work() => {
                self.framer.message(opcode, Rsv::default(), payload, out);
            }
            deflater => match memory::copy_of(payload) {
                Ok(payload) if deflater.is_some() => {
                    self.wait(opcode, length, Payload::ToCompress(payload), out);
                }
                Ok(payload) => self.wait(opcode, length, Payload::Plain(payload), out),
                Err(NoMemory) => out.lose(),
            },
        }
    }

    fn compress(
        &mut self,
        opcode: Opcode,
        deflater: &mut Deflater,
        payload: &[u8],
        out: &mut Outbox,
    ) {
        deflater.message(payload, |compressed| {
            self.framer.message(opcode, RSV, compressed, out);
        });
    }

    /// Puts a frame behind those that wait.
    fn wait(&mut self, opcode: Opcode, length: usize, payload: Payload, out: &mut Outbox) {
        let waiting = Waiting {
            opcode,
            length,
            payload,
            is_marked: false,
        };
        match memory::push(&mut self.backlog.frames, waiting) {
            Ok(()) => self.backlog.bytes += length,
            Err(NoMemory) => out.lose(),
        }
    }

    /// One slice of the message that the deflater has. What is left to do.
    fn compress_slice(
        &mut self,
        opcode: Opcode,
        deflater: &mut Deflater,
        out: &mut Outbox,
    ) -> Option<Payload> {
        match deflater.next_slice() {
            Ok(None) => return Some(Payload::Started),
            Ok(Some(compressed)) => self.framer.message(opcode, RSV, &compressed, out),
            Err(NoMemory) => out.lose(),
        }
        None
    }

    fn send_alone(&mut self, prepared: &Prepared, alone: Alone, out: &mut Outbox) {
        let opcode = Opcode::from(prepared.kind());
        let length = prepared.payload().len();
        let ready = match prepared.compressed(alone) {
            None if !Deflater::is_large(length) => prepared.compress(alone).unwrap_or_else(|_| {
                out.lose();
                None
            }),
            ready => ready,
        };
        match ready {
            Some(frame) if !self.has_work() => self.framer.ready(opcode, RSV, &frame, out),
            _ => self.wait(
                opcode,
                length,
                Payload::Prepared(prepared.clone(), alone),
                out,
            ),
        }
    }

    /// One slice of work, unless another connection has done the last one. What is left to do.
    fn compress_prepared(
        &mut self,
        prepared: Prepared,
        alone: Alone,
        out: &mut Outbox,
    ) -> Option<Payload> {
        match prepared.compress(alone) {
            Ok(None) => return Some(Payload::Prepared(prepared, alone)),
            Ok(Some(frame)) => {
                self.framer
                    .ready(Opcode::from(prepared.kind()), RSV, &frame, out);
            }
            Err(NoMemory) => out.lose(),
        }
        None
    }
}

/// In bytes of work: what the shortest of them costs.
const FRAME_COST: usize = 1024;
