//! The commands for messages, pings and pongs, and the queue before the connection opens.
//!
//! `hybi` and `hixie` encode the frames.

use super::{Connection, State};
use crate::error::InvalidArgument;
use crate::frame::{FrameStart, KeySource, Opcode, Rsv};
use crate::hybi::decoder::MAX_CONTROL_PAYLOAD;
use crate::hybi::prepared::Prepared;
use crate::output::{Caused, Form, Kind};

/// A frame sent before the connection opened.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) sent: Sent,
    pub(super) payload: Vec<u8>,
    /// Whether the frame has a receipt: see [`Connection::mark`].
    pub(super) is_marked: bool,
}

/// The kinds of sent frames.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent {
    Message(Kind, Form),
    /// A frame sent without changes.
    Frame(FrameStart, KeySource),
}

impl Sent {
    /// Returns whether this is a text message, the only kind in the drafts.
    const fn is_text(self) -> bool {
        match self {
            Self::Message(kind, _) => matches!(kind, Kind::Text),
            Self::Frame(..) => false,
        }
    }
}

/// The commands of sending. When a command returns, its bytes are in the outbox.
impl Connection {
    /// Sends a message. Before the connection opens, the message is queued. Returns false if the
    /// connection is closing or closed, and for binary messages in the drafts.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8]) -> bool {
        self.send_in(Form::Negotiated, kind, payload)
    }

    /// Sends a message like [`send`](Self::send), in this form.
    #[inline]
    pub fn send_in(&mut self, form: Form, kind: Kind, payload: &[u8]) -> bool {
        match &mut self.state {
            State::Hybi(hybi) => hybi.send(kind, form, payload, &mut self.outbox),
            State::Opening(_) | State::Hixie(_) | State::Ended => {
                self.send_now(Sent::Message(kind, form), payload)
            }
        }
    }

    /// Sends a message like [`send_in`](Self::send_in), but offers it to `write` first, as the header of its frame and
    /// the payload. That saves a copy into the outbox. `write` returns the number of bytes that it has written; the
    /// others are added to the outbox. Does not call `write` if bytes precede the message, or if the payload is
    /// masked, compressed or fragmented.
    pub fn send_through(
        &mut self,
        form: Form,
        kind: Kind,
        payload: &[u8],
        write: impl FnOnce(&[u8], &[u8]) -> usize,
    ) -> bool {
        self.write_through(form, kind, payload, write).is_some()
            || self.send_in(form, kind, payload)
    }

    /// Sends a message like [`send_through`](Self::send_through) if it can offer the message to `write`. Returns the
    /// number of bytes that `write` has written, or `None` if the message was not sent.
    pub fn write_through(
        &mut self,
        form: Form,
        kind: Kind,
        payload: &[u8],
        write: impl FnOnce(&[u8], &[u8]) -> usize,
    ) -> Option<usize> {
        let State::Hybi(hybi) = &mut self.state else {
            return None;
        };
        let header = hybi.sole_header(kind, form, payload, &self.outbox)?;
        let header = header.as_slice();
        let written = write(header, payload);
        self.outbox.add_rest(header, payload, written);
        Some(written)
    }

    /// Sends one frame without changes. The application is responsible for the sequence of frames.
    /// Returns false like [`send`](Self::send).
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

    /// Sends a prepared message with its ready frames. The effect and the result are those of
    /// [`send`](Self::send).
    #[inline]
    pub fn send_prepared(&mut self, prepared: &Prepared) -> bool {
        self.send_prepared_in(Form::Negotiated, prepared)
    }

    /// Sends a prepared message like [`send_prepared`](Self::send_prepared), in this form.
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

    /// Sends a ping. Returns false like [`send`](Self::send).
    ///
    /// # Errors
    /// [`InvalidArgument::ControlTooLong`] above 125 bytes, RFC 6455 §5.5.
    pub fn ping(&mut self, payload: &[u8]) -> Result<bool, InvalidArgument> {
        self.send_frame(FrameStart::whole(Opcode::Ping), KeySource::Policy, payload)
    }

    /// Sends an unsolicited pong, RFC 6455 §5.5.3. Returns false like [`send`](Self::send).
    ///
    /// # Errors
    /// [`InvalidArgument::ControlTooLong`] above 125 bytes.
    pub fn pong(&mut self, payload: &[u8]) -> Result<bool, InvalidArgument> {
        self.send_frame(FrameStart::whole(Opcode::Pong), KeySource::Policy, payload)
    }

    /// Marks the end of the last accepted message, including those of `send_transformed`.
    /// [`Outbox::take_passed`](crate::outbox::Outbox::take_passed) reports when it has passed, from
    /// any queue in which it waits now.
    pub fn mark(&mut self) {
        // Lost bytes never pass.
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

    /// Does one slice of the work that [`has_work`](Self::has_work) reports.
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
