//! RFC 6455 after the opening handshake: hybi-13, and hybi-8 with the same frames.
//!
//! Decides the reaction to each frame of the peer, and which messages may be sent. `closing.rs`
//! contains the closing handshake; the other files encode and decode frames.

pub(crate) mod assembler;
mod closing;
pub(crate) mod decoder;
mod framer;
mod incoming;
pub mod prepared;
pub(crate) mod receiver;
pub(crate) mod sender;
pub(crate) mod transformer;

use std::collections::VecDeque;

use crate::close::CloseFrame;
use crate::extension::negotiation::Negotiated;
use crate::frame::encoder::Header;
use crate::frame::{FrameStart, KeySource, Opcode, Rsv};
use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::output::{Event, Form, Kind, Message, Output, ReadyState};
use crate::policy::{Manner, Policy, Pongs, TextCheck, WhileClosing};
use closing::Phase;
use incoming::Incoming;
use prepared::Prepared;
use receiver::Receiver;
use sender::Sender;
use transformer::Transformer;

/// An open connection of RFC 6455.
#[derive(Debug)]
pub(crate) struct Hybi {
    phase: Phase,
    receiver: Receiver,
    sender: Sender,
    transformer: Transformer,
    manner: &'static Manner,
    pongs: Pongs,
    text: TextCheck,
    /// A result of decoding that follows a run of messages, until the application has handled them.
    next: Option<Incoming>,
}

impl Hybi {
    /// Opens a connection. `inbox` contains the bytes that arrived with the handshake.
    pub(crate) fn new(policy: &Policy, negotiated: Negotiated, inbox: Inbox) -> Self {
        let transformer = Transformer::new(&negotiated, policy.max_message);
        Self {
            phase: Phase::Open,
            receiver: Receiver::new(policy, transformer.reserved(), inbox),
            sender: Sender::new(policy),
            transformer,
            manner: policy.manner,
            pongs: policy.pongs,
            text: policy.text,
            next: None,
        }
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.receiver.receive(bytes, &self.transformer);
    }

    /// Lets `read` write received bytes, and stores them: see [`Receiver::read`].
    pub(crate) fn read<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.receiver.read(read)
    }

    /// Moves unread bytes to memory of their size.
    pub(crate) fn settle(&mut self) {
        // A frame that waits for its delivery refers to its place in the inbox.
        if !matches!(self.next, Some(Incoming::Frame(_))) {
            self.receiver.settle();
        }
    }

    /// Returns the next message, unless another result precedes it. Does not change the phase.
    #[inline]
    pub(crate) fn poll_message(&mut self) -> Option<Message<'_>> {
        if self.transformer.has_sessions() {
            return None;
        }
        while self.next.is_none() {
            match self.receiver.advance(&mut self.transformer)? {
                // The peer may send messages until it receives our close frame.
                Incoming::Message(_) if !self.takes_messages() => {}
                Incoming::Message(arrived) => {
                    return Some(self.receiver.message(arrived, &self.transformer));
                }
                other => self.next = Some(other),
            }
        }
        None
    }

    pub(crate) fn poll(
        &mut self,
        outbox: &mut Outbox,
        pending: &mut VecDeque<Event>,
    ) -> Option<Output<'_>> {
        loop {
            let incoming = match self.next.take() {
                Some(incoming) => incoming,
                None => self.receiver.advance(&mut self.transformer)?,
            };
            match incoming {
                Incoming::Message(_) if !self.takes_messages() => {}
                Incoming::Message(arrived) if self.transformer.has_sessions() => {
                    let message = self.receiver.raw_message(arrived, &self.transformer);
                    return Some(Output::Transform(message));
                }
                Incoming::Message(arrived) => {
                    let message = self.receiver.message(arrived, &self.transformer);
                    return Some(Output::Message(message));
                }
                Incoming::Frame(arrived) => {
                    self.next = self.receiver.meaning_of(arrived);
                    if self.takes_control() {
                        return Some(Output::Frame(self.receiver.frame(arrived)));
                    }
                }
                Incoming::Ping(_) | Incoming::Pong(_) if !self.takes_control() => {}
                Incoming::Ping(payload) => {
                    if self.answers_pings() {
                        self.send_control(Opcode::Pong, &payload, outbox);
                    }
                    pending.push_back(Event::Ping(payload));
                    return Output::of(outbox, pending);
                }
                Incoming::Pong(payload) => return Some(Output::Event(Event::Pong(payload))),
                Incoming::Close(payload) => {
                    self.peer_closes(&payload, outbox, pending);
                    return Output::of(outbox, pending);
                }
                Incoming::Unfinished => return Some(Output::Unfinished),
                Incoming::Violation(error) => {
                    self.fail(error, outbox, pending);
                    return Output::of(outbox, pending);
                }
            }
        }
    }

    #[inline]
    fn takes_messages(&self) -> bool {
        self.is_open() || self.manner.while_closing == WhileClosing::Messages
    }

    fn takes_control(&self) -> bool {
        self.is_open() || self.manner.while_closing != WhileClosing::Nothing
    }

    fn answers_pings(&self) -> bool {
        let may = self.is_open() || self.manner.while_closing == WhileClosing::Control;
        may && self.pongs == Pongs::Automatic
    }

    /// Sends a message. Returns false if the phase forbids it.
    #[inline]
    pub(crate) fn send(
        &mut self,
        kind: Kind,
        form: Form,
        payload: &[u8],
        outbox: &mut Outbox,
    ) -> bool {
        let open = self.is_open();
        if open {
            self.sender
                .send(kind, form, payload, &mut self.transformer, outbox);
        }
        open
    }

    /// Returns the header of a message that may be written now, as it is, in one frame.
    pub(crate) fn sole_header(
        &self,
        kind: Kind,
        form: Form,
        payload: &[u8],
        outbox: &Outbox,
    ) -> Option<Header> {
        let may = self.is_open() && outbox.is_idle();
        let header = || {
            self.sender
                .sole_header(kind, form, payload, &self.transformer)
        };
        may.then(header).flatten()
    }

    /// Sends one frame. Returns false if the phase forbids it.
    pub(crate) fn send_frame(
        &mut self,
        start: FrameStart,
        key: KeySource,
        payload: &[u8],
        outbox: &mut Outbox,
    ) -> bool {
        let open = self.is_open();
        if open {
            self.sender.send_frame(start, key, payload, outbox);
        }
        open
    }

    /// Sends a prepared message. Returns false if the phase forbids it.
    #[inline]
    pub(crate) fn send_prepared(
        &mut self,
        prepared: &Prepared,
        form: Form,
        outbox: &mut Outbox,
    ) -> bool {
        let open = self.is_open();
        if open {
            self.sender
                .send_prepared(prepared, form, &mut self.transformer, outbox);
        }
        open
    }

    /// Sends a transformed message. Returns false if the phase forbids it. Messages that the
    /// sessions held when the connection began to close precede the close frame.
    pub(crate) fn send_transformed(
        &mut self,
        kind: Kind,
        rsv: Rsv,
        payload: &[u8],
        outbox: &mut Outbox,
    ) -> bool {
        let may = self.phase.may_send_transformed();
        if may {
            self.sender.send_transformed(kind, rsv, payload, outbox);
        }
        may
    }

    /// Marks the end of the last sent message, in the outbox or in the backlog.
    pub(crate) fn mark(&mut self, outbox: &mut Outbox) {
        self.sender.mark(outbox);
    }

    pub(crate) fn has_work(&self) -> bool {
        self.sender.has_work()
    }

    /// Returns the number of payload bytes in the backlog.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.sender.waiting_bytes()
    }

    pub(crate) fn has_unread(&self) -> bool {
        self.next.is_some() || self.receiver.has_unread()
    }

    /// Returns whether the next received byte begins a frame.
    pub(crate) fn is_between_frames(&self) -> bool {
        self.next.is_none() && self.receiver.is_between_frames()
    }

    /// Returns whether the next result may be other than a message.
    pub(crate) fn needs_poll(&self) -> bool {
        self.transformer.has_sessions() || self.next.is_some()
    }

    pub(crate) fn ready_state(&self) -> ReadyState {
        self.phase.ready_state()
    }

    #[inline]
    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    fn send_close(&mut self, frame: &CloseFrame, outbox: &mut Outbox) {
        self.send_control(Opcode::Close, &frame.payload(), outbox);
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8], outbox: &mut Outbox) {
        let start = FrameStart::whole(opcode);
        self.sender
            .send_frame(start, KeySource::Policy, payload, outbox);
    }
}
