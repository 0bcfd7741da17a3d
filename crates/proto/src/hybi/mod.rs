//! RFC 6455 after the opening handshake: hybi-13.
//!
//! Knows the phases of the closing handshake and what each frame of the peer is answered with. Does
//! not know how frames are laid out, nor how the connection was opened.

pub(crate) mod assembler;
pub(crate) mod decoder;
pub(crate) mod encoder;
pub mod frame;
pub mod mask;
pub mod prepared;
pub(crate) mod receiver;
pub(crate) mod sender;

use std::collections::VecDeque;

use crate::close::CloseFrame;
use crate::config::Config;
use crate::error::ProtocolError;
use crate::extension::deflate::parameters::Agreed;
use crate::extension::deflate::{Deflater, Inflater};
use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::output::{Error, Event, Form, Message, Output};
use frame::{Opcode, Rsv};
use prepared::Prepared;
use receiver::{Incoming, Receiver};
use sender::Sender;

/// A connection that speaks frames.
///
/// ```text
///          close()                peer's close frame, or a violation
///  Open ─────────────► Closing ─────────────────────────────► Closed
///   │                                                           ▲
///   └── peer's close frame, answered; or a violation, reported ─┘
/// ```
///
/// Where sessions outside the core transform messages, or a large message is being compressed, a
/// connection that is about to close stays in `Ending` until that is finished.
#[derive(Debug)]
pub(crate) struct Hybi {
    phase: Phase,
    receiver: Receiver,
    sender: Sender,
    /// What the peer said after a run of messages, until those have been handled.
    held: Option<Incoming>,
    /// Whether sessions outside the core transform messages.
    transforms: bool,
    /// What is to be done when they have finished, in this order.
    endings: Vec<Ending>,
}

#[derive(Debug)]
pub(crate) enum Phase {
    Open,
    /// We have begun to close with this frame: it is out, or waits for the sessions. The peer's is awaited.
    Closing(CloseFrame),
    /// Nothing more is received: the end waits for the sessions, or for the work that is left.
    Ending,
    Closed,
}

/// A step of a close.
#[derive(Debug)]
enum Ending {
    /// The application closes.
    Start(CloseFrame),
    /// The connection is over: because of the peer's close frame, or of an error.
    Report {
        frame: CloseFrame,
        error: Option<Error>,
        /// RFC 6455 §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close
        /// frame, the endpoint MUST send a Close frame in response." §7.1.7 asks the same of whoever
        /// fails the connection.
        answer: bool,
    },
}

impl Hybi {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            phase: Phase::Open,
            receiver: Receiver::new(&config),
            sender: Sender::new(config.mask_keys),
            held: None,
            transforms: false,
            endings: Vec::new(),
        }
    }

    pub(crate) fn receiver(&mut self) -> &mut Receiver {
        &mut self.receiver
    }

    /// From now on messages pass through sessions outside the core, which own these bits.
    pub(crate) fn transform(&mut self, reserved: Rsv) {
        self.transforms = true;
        self.receiver.transform(reserved);
    }

    /// From now on messages are compressed in both directions.
    pub(crate) fn compress(&mut self, agreed: &Agreed, max_length: usize) {
        self.receiver.inflate(Inflater::new(agreed, max_length));
        self.sender.deflate(Deflater::new(agreed));
    }

    /// The next message, if the next thing the peer said is one. Changes no phase.
    #[inline]
    pub(crate) fn poll_message(&mut self) -> Option<Message<'_>> {
        if self.transforms {
            return None;
        }
        while self.held.is_none() {
            match self.receiver.advance()? {
                // A peer may send until it has seen our close frame; these messages are dropped.
                Incoming::Message(_) if !self.is_open() => {}
                Incoming::Message(arrived) => return Some(self.receiver.message(arrived)),
                other => self.held = Some(other),
            }
        }
        None
    }

    pub(crate) fn poll(
        &mut self,
        outbox: &mut Outbox,
        untold: &mut VecDeque<Event>,
    ) -> Option<Output<'_>> {
        loop {
            let incoming = match self.held.take() {
                Some(held) => held,
                None => self.receiver.advance()?,
            };
            match incoming {
                Incoming::Message(_) if !self.is_open() => {}
                Incoming::Message(arrived) if self.transforms => {
                    return Some(Output::Transform(self.receiver.raw_message(arrived)));
                }
                Incoming::Message(arrived) => {
                    return Some(Output::Message(self.receiver.message(arrived)));
                }
                Incoming::Ping(payload) => {
                    self.sender
                        .send(Opcode::Pong, Form::Plain, &payload, outbox);
                    untold.push_back(Event::Ping(payload));
                    return Output::of(outbox, untold);
                }
                Incoming::Pong(payload) => return Some(Output::Event(Event::Pong(payload))),
                Incoming::Close(payload) => {
                    self.end(CloseFrame::received(&payload), None, outbox, untold);
                    return Output::of(outbox, untold);
                }
                Incoming::Unfinished => return Some(Output::Unfinished),
                Incoming::Violation(error) => {
                    self.fail(error, outbox, untold);
                    return Output::of(outbox, untold);
                }
            }
        }
    }

    /// Sends one frame. False when the phase forbids it.
    #[inline]
    pub(crate) fn send(
        &mut self,
        opcode: Opcode,
        form: Form,
        payload: &[u8],
        outbox: &mut Outbox,
    ) -> bool {
        let open = self.is_open();
        if open {
            self.sender.send(opcode, form, payload, outbox);
        }
        open
    }

    /// Sends a message that was made for many connections. False when the phase forbids it.
    #[inline]
    pub(crate) fn send_prepared(
        &mut self,
        prepared: &Prepared,
        form: Form,
        outbox: &mut Outbox,
    ) -> bool {
        let open = self.is_open();
        if open {
            self.sender.send_prepared(prepared, form, outbox);
        }
        open
    }

    /// Sends a message that sessions have transformed. What they held when the connection began to
    /// close still goes before the close frame.
    pub(crate) fn send_transformed(
        &mut self,
        opcode: Opcode,
        rsv: Rsv,
        payload: &[u8],
        outbox: &mut Outbox,
    ) -> bool {
        let close_waits = |ending: &Ending| match ending {
            Ending::Start(_) => true,
            Ending::Report { answer, .. } => *answer,
        };
        let may = self.is_open() || self.endings.iter().any(close_waits);
        if may {
            self.sender.send_as_it_is(opcode, rsv, payload, outbox);
        }
        may
    }

    /// Starts the closing handshake. False when it has begun already.
    pub(crate) fn close(
        &mut self,
        frame: CloseFrame,
        outbox: &mut Outbox,
        untold: &mut VecDeque<Event>,
    ) -> bool {
        let accepted = self.is_open();
        if accepted {
            self.phase = Phase::Closing(frame.clone());
            self.finish_or_wait(Ending::Start(frame), outbox, untold);
        }
        accepted
    }

    /// Fails the connection, RFC 6455 §7.1.7. After our close frame there is nothing to report: it has said
    /// why we close, and no close frame of the peer can follow what it broke the protocol with.
    pub(crate) fn fail(
        &mut self,
        error: ProtocolError,
        outbox: &mut Outbox,
        untold: &mut VecDeque<Event>,
    ) {
        match &self.phase {
            Phase::Closing(ours) => {
                let ours = ours.clone();
                self.end(ours, None, outbox, untold);
            }
            Phase::Open | Phase::Ending | Phase::Closed => {
                let frame = CloseFrame::new(error.close_code(), &error.to_string());
                self.fail_with(frame, Error::Protocol(error), outbox, untold);
            }
        }
    }

    /// [`fail`](Self::fail) for errors that are not the peer's: the closing handshake can go on after those.
    pub(crate) fn fail_with(
        &mut self,
        frame: CloseFrame,
        error: Error,
        outbox: &mut Outbox,
        untold: &mut VecDeque<Event>,
    ) {
        if self.is_open() {
            self.end(frame, Some(error), outbox, untold);
        }
    }

    /// Marks the end of what has been sent, wherever that is.
    pub(crate) fn mark(&mut self, outbox: &mut Outbox) {
        self.sender.mark(outbox);
    }

    /// Does one slice of the work that is left, and then what has waited for it.
    pub(crate) fn work(&mut self, outbox: &mut Outbox, untold: &mut VecDeque<Event>) {
        self.sender.work(outbox);
        if !self.sender.has_work() && !self.transforms {
            self.finish_all(outbox, untold);
        }
    }

    /// There is no memory for what we send, or not for all of it: nothing of it comes but our close frame.
    pub(crate) fn exhausted(&mut self, outbox: &mut Outbox, untold: &mut VecDeque<Event>) {
        self.sender.stop();
        match self.phase {
            Phase::Open | Phase::Closing(_) => {
                self.fail(ProtocolError::NoMemory, outbox, untold);
            }
            Phase::Ending => self.work(outbox, untold),
            Phase::Closed => {}
        }
    }

    /// Forgets what waits to be compressed, and does what has waited for that.
    pub(crate) fn drop_output(&mut self, outbox: &mut Outbox, untold: &mut VecDeque<Event>) {
        self.sender.stop();
        self.work(outbox, untold);
    }

    pub(crate) fn has_work(&self) -> bool {
        self.sender.has_work()
    }

    /// Bytes of messages that wait for it.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.sender.waiting_bytes()
    }

    /// Ends, and gives all memory back.
    pub(crate) fn stop(&mut self) {
        self.receiver.stop();
        self.sender.stop();
    }

    /// The sessions have finished: does what has waited for them.
    pub(crate) fn drained(&mut self, outbox: &mut Outbox, untold: &mut VecDeque<Event>) {
        if self.transforms {
            self.finish_all(outbox, untold);
        }
    }

    /// What has arrived: before the start, no frames of it have been looked for.
    pub(crate) fn inbox(&self) -> &Inbox {
        &self.receiver.inbox
    }

    pub(crate) fn has_unread(&self) -> bool {
        self.held.is_some() || self.receiver.has_unread()
    }

    /// Whether what comes next is no message.
    pub(crate) fn needs_poll(&self) -> bool {
        self.transforms || self.held.is_some()
    }

    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    #[inline]
    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    fn end(
        &mut self,
        frame: CloseFrame,
        error: Option<Error>,
        outbox: &mut Outbox,
        untold: &mut VecDeque<Event>,
    ) {
        let answer = self.is_open();
        self.phase = Phase::Ending;
        self.receiver.stop();
        self.held = None;
        self.finish_or_wait(
            Ending::Report {
                frame,
                error,
                answer,
            },
            outbox,
            untold,
        );
    }

    fn finish_or_wait(
        &mut self,
        ending: Ending,
        outbox: &mut Outbox,
        untold: &mut VecDeque<Event>,
    ) {
        if self.transforms {
            self.endings.push(ending);
            untold.push_back(Event::Drain);
        } else if self.sender.has_work() && matches!(ending, Ending::Report { .. }) {
            self.endings.push(ending);
        } else {
            self.finish(ending, outbox, untold);
        }
    }

    fn finish_all(&mut self, outbox: &mut Outbox, untold: &mut VecDeque<Event>) {
        for ending in std::mem::take(&mut self.endings) {
            self.finish(ending, outbox, untold);
        }
    }

    fn finish(&mut self, ending: Ending, outbox: &mut Outbox, untold: &mut VecDeque<Event>) {
        match ending {
            Ending::Start(frame) => self.send_close(&frame, outbox),
            Ending::Report {
                frame,
                error,
                answer,
            } => {
                if answer {
                    self.send_close(&frame, outbox);
                }
                self.phase = Phase::Closed;
                untold.extend(error.map(Event::Error));
                untold.push_back(Event::close(&frame));
            }
        }
    }

    fn send_close(&mut self, frame: &CloseFrame, outbox: &mut Outbox) {
        self.sender
            .send(Opcode::Close, Form::Plain, &frame.payload(), outbox);
    }
}
