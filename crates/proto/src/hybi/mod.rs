//! RFC 6455 after the opening handshake: hybi-13.
//!
//! Knows the phases of the closing handshake and what each frame of the peer is answered with. Does
//! not know how frames are laid out, nor how the connection was opened.

pub(crate) mod assembler;
pub(crate) mod decoder;
pub(crate) mod encoder;
pub mod frame;
pub mod mask;
pub(crate) mod receiver;
pub(crate) mod sender;

use std::collections::VecDeque;

use crate::close::CloseFrame;
use crate::config::Config;
use crate::error::ProtocolError;
use crate::outbox::Outbox;
use crate::output::{Error, Event, Message, Output};
use frame::Opcode;
use receiver::{Incoming, Receiver};
use sender::Sender;

/// A connection that speaks frames.
///
/// ```text
///          close()                       peer's close frame
///  Open ─────────────► Closing ─────────────────────────────► Closed
///   │                                                           ▲
///   └── peer's close frame, answered; or a violation, reported ─┘
/// ```
#[derive(Debug)]
pub(crate) struct Hybi {
    phase: Phase,
    receiver: Receiver,
    sender: Sender,
    /// What the peer said after a run of messages, until those have been handled.
    held: Option<Incoming>,
    /// What the last thing the peer said has caused and is not yet told.
    events: VecDeque<Event>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Open,
    /// Our close frame is out, the peer's is not in.
    Closing,
    Closed,
}

impl Hybi {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            phase: Phase::Open,
            receiver: Receiver::new(&config),
            sender: Sender::new(config.mask_keys),
            held: None,
            events: VecDeque::new(),
        }
    }

    pub(crate) fn receiver(&mut self) -> &mut Receiver {
        &mut self.receiver
    }

    /// The next message, if the next thing the peer said is one. Changes no phase.
    #[inline]
    pub(crate) fn poll_message(&mut self) -> Option<Message<'_>> {
        if !self.events.is_empty() {
            return None;
        }
        while self.held.is_none() {
            match self.receiver.advance()? {
                // A peer may send until it has seen our close frame; nobody listens any more.
                Incoming::Message(_) if self.phase != Phase::Open => {}
                Incoming::Message(arrived) => return Some(self.receiver.message(arrived)),
                other => self.held = Some(other),
            }
        }
        None
    }

    pub(crate) fn poll(&mut self, outbox: &mut Outbox) -> Option<Output<'_>> {
        if let Some(event) = self.events.pop_front() {
            return Some(Output::Event(event));
        }
        loop {
            let incoming = match self.held.take() {
                Some(held) => held,
                None => self.receiver.advance()?,
            };
            match incoming {
                Incoming::Message(_) if self.phase != Phase::Open => {}
                Incoming::Message(arrived) => {
                    return Some(Output::Message(self.receiver.message(arrived)));
                }
                Incoming::Ping(payload) => {
                    self.sender.send(Opcode::Pong, &payload, outbox);
                    self.events.push_back(Event::Ping(payload));
                    return Some(Output::Write);
                }
                Incoming::Pong(payload) => return Some(Output::Event(Event::Pong(payload))),
                Incoming::Close(payload) => {
                    let frame = CloseFrame::received(&payload);
                    return Some(self.end(&frame, None, outbox));
                }
                // Whoever has said goodbye does not care how the other one hangs up.
                Incoming::Violation(_) if self.phase != Phase::Open => {}
                Incoming::Violation(error) => {
                    let frame = CloseFrame::new(error.close_code(), &error.to_string());
                    return Some(self.end(&frame, Some(error), outbox));
                }
            }
        }
    }

    /// Sends one frame. False when the phase forbids it.
    #[inline]
    pub(crate) fn send(&mut self, opcode: Opcode, payload: &[u8], outbox: &mut Outbox) -> bool {
        let open = self.phase == Phase::Open;
        if open {
            self.sender.send(opcode, payload, outbox);
        }
        open
    }

    /// Starts the closing handshake. False when it has begun already.
    pub(crate) fn close(&mut self, frame: &CloseFrame, outbox: &mut Outbox) -> bool {
        let accepted = self.send(Opcode::Close, &frame.payload(), outbox);
        if accepted {
            self.phase = Phase::Closing;
        }
        accepted
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// RFC 6455 §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close
    /// frame, the endpoint MUST send a Close frame in response." §7.1.7 asks the same of whoever fails
    /// the connection.
    fn end(
        &mut self,
        frame: &CloseFrame,
        violation: Option<ProtocolError>,
        outbox: &mut Outbox,
    ) -> Output<'_> {
        let answered = self.send(Opcode::Close, &frame.payload(), outbox);
        self.phase = Phase::Closed;
        self.events
            .extend(violation.map(|error| Event::Error(Error::Protocol(error))));
        let close = Event::Close {
            code: frame.code().get(),
            reason: frame.reason().to_owned(),
        };
        if answered {
            self.events.push_back(close);
            Output::Write
        } else {
            Output::Event(close)
        }
    }
}
