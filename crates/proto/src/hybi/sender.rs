//! The sending half of a connection: compression, and the backlog behind a large message.
//!
//! The caller checks whether the phase allows the message.

use std::collections::VecDeque;

use super::framer::Framer;
use super::prepared::Prepared;
use super::transformer::Transformer;
use crate::extension::deflate::{Deflater, RSV, WithoutTakeover};
use crate::frame::encoder::Header;
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
    /// Most connections never have one.
    backlog: Option<Box<Backlog>>,
}

/// Frames that are sent in slices of work: a large message being compressed, and the frames behind
/// it. Never empty.
#[derive(Debug, Default)]
struct Backlog {
    frames: VecDeque<Waiting>,
    /// The sum of the payload lengths.
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    /// The opcode of the frame, or of the message's first frame.
    opcode: Opcode,
    length: usize,
    payload: Payload,
    /// Whether the message has a receipt.
    is_marked: bool,
}

#[derive(Debug)]
enum Payload {
    /// A message sent uncompressed.
    Plain(Vec<u8>),
    /// A control frame, or a frame from the application.
    Frame(FrameStart, KeySource, Vec<u8>),
    ToCompress(Vec<u8>),
    /// The deflater contains the message.
    Started,
    /// A prepared message, compressed without context takeover once for all connections.
    Prepared(Prepared, WithoutTakeover),
}

impl Sender {
    pub(crate) fn new(policy: &Policy) -> Self {
        Self {
            framer: Framer::new(policy),
            backlog: None,
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

    /// Returns the header of a message that would be sent as it is, in one frame and before all others.
    pub(crate) fn sole_header(
        &self,
        kind: Kind,
        form: Form,
        payload: &[u8],
        transformer: &Transformer,
    ) -> Option<Header> {
        let is_plain = match transformer {
            Transformer::Nothing | Transformer::Sessions(_) => true,
            Transformer::Deflate(deflate) => {
                form == Form::Plain || !deflate.deflater.compresses(payload.len())
            }
        };
        let header = || self.framer.sole_header(Opcode::from(kind), payload.len());
        (is_plain && !self.has_work()).then(header).flatten()
    }

    /// Sends one frame without changes.
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

    /// Sends a prepared message.
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
        match deflater.without_takeover() {
            Some(without_takeover) if compresses => {
                self.send_without_takeover(prepared, without_takeover, out)
            }
            _ if compresses || self.has_work() => {
                self.compress_or_wait(opcode, compresses.then_some(deflater), payload, out);
            }
            _ => self
                .framer
                .ready(opcode, Rsv::default(), prepared.plain(), out),
        }
    }

    /// Sends a message from sessions outside the core.
    pub(crate) fn send_transformed(
        &mut self,
        kind: Kind,
        rsv: Rsv,
        payload: &[u8],
        out: &mut Outbox,
    ) {
        self.framer.message(Opcode::from(kind), rsv, payload, out);
    }

    /// Marks the end of the last sent message, in the outbox or in the backlog.
    pub(crate) fn mark(&mut self, out: &mut Outbox) {
        match self.last_waiting() {
            Some(last) => last.is_marked = true,
            None => out.mark(),
        }
    }

    /// Returns whether frames wait for [`work`](Self::work).
    pub(crate) fn has_work(&self) -> bool {
        self.backlog.is_some()
    }

    /// Returns the number of payload bytes in the backlog.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.bytes)
    }

    fn last_waiting(&mut self) -> Option<&mut Waiting> {
        self.backlog.as_mut()?.frames.back_mut()
    }

    /// Does one slice of work. Only a connection with a deflater has a backlog.
    pub(crate) fn work(&mut self, deflater: &mut Deflater, out: &mut Outbox) {
        let Some(mut backlog) = self.backlog.take() else {
            return;
        };
        let mut budget = Deflater::SLICE;
        while budget > 0
            && let Some(Waiting {
                opcode,
                length,
                payload,
                is_marked,
            }) = backlog.frames.pop_front()
        {
            let is_slow = match &payload {
                Payload::Plain(_) | Payload::Frame(..) => false,
                Payload::ToCompress(_) => Deflater::is_large(length),
                Payload::Started => true,
                Payload::Prepared(prepared, without_takeover) => {
                    Deflater::is_large(length) && prepared.compressed(*without_takeover).is_none()
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
                Payload::Prepared(prepared, without_takeover) => {
                    self.compress_prepared(prepared, without_takeover, out)
                }
            };
            match left {
                None => {
                    backlog.bytes -= length;
                    if is_marked && !out.has_lost() {
                        out.mark();
                    }
                }
                Some(payload) => backlog.frames.push_front(Waiting {
                    opcode,
                    length,
                    payload,
                    is_marked,
                }),
            }
        }
        if !backlog.frames.is_empty() {
            spare::shrink(&mut backlog.frames);
            self.backlog = Some(backlog);
        }
    }

    /// Discards the backlog.
    pub(crate) fn discard(&mut self) {
        self.backlog = None;
    }

    /// Compresses and sends a message, or appends it to the backlog. `deflater` is `None` for an
    /// uncompressed message.
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

    /// Appends a frame to the backlog.
    fn wait(&mut self, opcode: Opcode, length: usize, payload: Payload, out: &mut Outbox) {
        let waiting = Waiting {
            opcode,
            length,
            payload,
            is_marked: false,
        };
        let mut backlog = self.backlog.take().unwrap_or_default();
        match memory::push(&mut backlog.frames, waiting) {
            Ok(()) => backlog.bytes += length,
            Err(NoMemory) => out.lose(),
        }
        self.backlog = (!backlog.frames.is_empty()).then_some(backlog);
    }

    /// Compresses one slice of the deflater's message. Returns the remaining work.
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

    fn send_without_takeover(
        &mut self,
        prepared: &Prepared,
        without_takeover: WithoutTakeover,
        out: &mut Outbox,
    ) {
        let opcode = Opcode::from(prepared.kind());
        let length = prepared.payload().len();
        let ready = match prepared.compressed(without_takeover) {
            None if !Deflater::is_large(length) => {
                prepared.compress(without_takeover).unwrap_or_else(|_| {
                    out.lose();
                    None
                })
            }
            ready => ready,
        };
        match ready {
            Some(frame) if !self.has_work() => self.framer.ready(opcode, RSV, &frame, out),
            _ => self.wait(
                opcode,
                length,
                Payload::Prepared(prepared.clone(), without_takeover),
                out,
            ),
        }
    }

    /// Compresses one slice of a prepared message, unless another connection has finished it.
    /// Returns the remaining work.
    fn compress_prepared(
        &mut self,
        prepared: Prepared,
        without_takeover: WithoutTakeover,
        out: &mut Outbox,
    ) -> Option<Payload> {
        match prepared.compress(without_takeover) {
            Ok(None) => return Some(Payload::Prepared(prepared, without_takeover)),
            Ok(Some(frame)) => {
                self.framer
                    .ready(Opcode::from(prepared.kind()), RSV, &frame, out);
            }
            Err(NoMemory) => out.lose(),
        }
        None
    }
}

/// The fixed cost of a frame, in bytes of work.
const FRAME_COST: usize = 1024;
