//! What the application sends: messages, pings, pongs.
//!
//! Knows what may be sent in which state, and what waits for the connection to open. Does not know how
//! frames are made.

use super::{Connection, State};
use crate::error::InvalidArgument;
use crate::frame::{FrameStart, KeySource, Opcode, Rsv};
use crate::hybi::decoder::MAX_CONTROL_PAYLOAD;
use crate::hybi::prepared::Prepared;
use crate::output::{Caused, Form, Kind};

/// What was sent before frames could flow.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) sent: Sent,
    pub(super) payload: Vec<u8>,
    /// It has a receipt: see [`Connection::mark`].
    pub(super) is_marked: bool,
}

/// What the application sends with a payload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent {
    Message(Kind, Form),
    /// As it is.
    Frame(FrameStart, KeySource),
}

impl Sent {
    /// Whether it is a text message, the only kind that the drafts have.
    const fn is_text(self) -> bool {
        match self {
            Self::Message(kind, _) => matches!(kind, Kind::Text),
            Self::Frame(..) => false,
        }
    }
}

/// What the application sends. The bytes of a command are in the outbox when it returns.
impl Connection {
    /// Sends a message. False when the connection is closing or closed, and for binary messages of the
    /// drafts, which have none; before it is open, the message waits for that.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8]) -> bool {
        self.send_in(Form::Negotiated, kind, payload)
    }

    /// [`send`](Self::send) in this form.
    #[inline]
    pub fn send_in(&mut self, form: Form, kind: Kind, payload: &[u8]) -> bool {
        match &mut self.state {
            State::Hybi(hybi) => hybi.send(kind, form, payload, &mut self.outbox),
            State::Opening(_) | State::Hixie(_) | State::Ended => {
                self.send_now(Sent::Message(kind, form), payload)
            }
        }
    }

    /// Sends one frame as it is, uncompressed. What a peer makes of a row of them is the application's business.
    /// False as for [`send`](Self::send).
    ///
    /// # Errors
    /// [`InvalidArgument::ControlTooLong`] for a control frame above 125 bytes, RFC 6455 §5.5.
    pub fn send_frame(
        &mut self,
        start: FrameStart,
        key: KeySource,
        payload: &[u8],
    ) -> Result<bool, InvalidArgument> {
        if start.opcode.is_control() && payload.len() as u64 > MAX_CONTROL_PAYLOAD {
            return Err(InvalidArgument::ControlTooLong(payload.len()));
        }
        Ok(self.send_now(Sent::Frame(start, key), payload))
    }

    /// Sends a message that was made for many connections, with the frames that it has ready. What is
    /// received, and what is returned, is as for [`send`](Self::send).
    #[inline]
    pub fn send_prepared(&mut self, prepared: &Prepared) -> bool {
        self.send_prepared_in(Form::Negotiated, prepared)
    }

    /// [`send_prepared`](Self::send_prepared) in this form.
    #[inline]
    pub fn send_prepared_in(&mut self, form: Form, prepared: &Prepared) -> bool {
        match &mut self.state {
            State::Hybi(hybi) => hybi.send_prepared(prepared, form, &mut self.outbox),
            State::Opening(_) | State::Hixie(_) | State::Ended => {
                self.send_in(form, prepared.kind(), prepared.payload())
            }
        }
    }

    /// Sends a message that sessions outside the core have transformed.
    pub fn send_transformed(&mut self, kind: Kind, rsv: Rsv, payload: &[u8]) -> bool {
        match &mut self.state {
            State::Hybi(hybi) => hybi.send_transformed(kind, rsv, payload, &mut self.outbox),
            State::Opening(_) | State::Hixie(_) | State::Ended => false,
        }
    }

    /// Sends a ping. False as for [`send`](Self::send).
    ///
    /// # Errors
    /// [`InvalidArgument::ControlTooLong`] above 125 bytes, RFC 6455 §5.5.
    pub fn ping(&mut self, payload: &[u8]) -> Result<bool, InvalidArgument> {
        self.send_frame(FrameStart::whole(Opcode::Ping), KeySource::Policy, payload)
    }

    /// Sends a pong that answers no ping, RFC 6455 §5.5.3. False as for [`send`](Self::send).
    ///
    /// # Errors
    /// [`InvalidArgument::ControlTooLong`] above 125 bytes.
    pub fn pong(&mut self, payload: &[u8]) -> Result<bool, InvalidArgument> {
        self.send_frame(FrameStart::whole(Opcode::Pong), KeySource::Policy, payload)
    }

    /// Marks the end of the message that has just been accepted:
    /// [`Outbox::take_passed`](crate::outbox::Outbox::take_passed) tells when it has left, wherever it
    /// waits now. Those that were made with `send_transformed` are marked like others.
    pub fn mark(&mut self) {
        // What is lost never leaves.
        if self.outbox.has_lost() {
            return;
        }
        match &mut self.state {
            State::Opening(opening) => {
                if let Some(last) = opening.queued.last_mut() {
                    last.is_marked = true;
                }
            }
            State::Hybi(hybi) => hybi.mark(&mut self.outbox),
            State::Hixie(_) | State::Ended => self.outbox.mark(),
        }
    }

    /// Does one slice of the work that [`has_work`](Self::has_work) speaks of.
    pub fn work(&mut self) -> Caused {
        let mut events = std::collections::VecDeque::new();
        if self.has_faulted() {
            events.append(&mut self.pending);
        } else if self.outbox.take_loss() {
            self.exhausted(&mut events);
        } else if let State::Hybi(hybi) = &mut self.state {
            hybi.work(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    pub(super) fn send_now(&mut self, sent: Sent, payload: &[u8]) -> bool {
        let outbox = &mut self.outbox;
        match &mut self.state {
            State::Opening(_) if self.settled.version.is_draft() && !sent.is_text() => false,
            State::Opening(opening) => {
                opening.queue(sent, payload, outbox);
                true
            }
            State::Hybi(hybi) => match sent {
                Sent::Message(kind, form) => hybi.send(kind, form, payload, outbox),
                Sent::Frame(start, key) => hybi.send_frame(start, key, payload, outbox),
            },
            State::Hixie(hixie) => sent.is_text() && hixie.send(payload, outbox),
            State::Ended => false,
        }
    }
}
