//! The ends of a connection: by the application, by an error on our end, or with the transport.
//!
//! `hybi/closing.rs` and `hixie/mod.rs` contain the closing handshakes.

use std::collections::VecDeque;

use super::{Connection, ReadyState, State};
use crate::close::{CloseCode, CloseFrame};
use crate::error::{InvalidArgument, ProtocolError};
use crate::hixie;
use crate::output::{ABNORMAL, Caused, Error, Event, Violation};

impl Connection {
    /// Closes the connection. An open connection sends a close frame; an unopened connection ends
    /// immediately. Not accepted if the connection is closing or closed.
    ///
    /// Without a code, the close frame is empty. A reason above 123 bytes is truncated between two
    /// characters. The drafts close without code and reason.
    ///
    /// # Errors
    /// [`InvalidArgument::CloseCode`] for a code that must not travel.
    pub fn close(
        &mut self,
        code: impl Into<Option<u16>>,
        reason: &str,
    ) -> Result<Caused, InvalidArgument> {
        let code = code.into();
        let mut events = VecDeque::new();
        let accepted = match &mut self.state {
            State::Ended => false,
            State::Opening(_) => {
                events.push_back(self.close_event(code, reason.to_owned()));
                self.end();
                true
            }
            State::Hybi(hybi) => {
                let frame = match code {
                    None => CloseFrame::empty(),
                    Some(code) => CloseFrame::new(self.settled.code_to_send(code)?, reason),
                };
                hybi.close(frame, &mut self.outbox, &mut events)
            }
            State::Hixie(hixie) => {
                let accepted = hixie.close(&mut self.outbox);
                events.extend(accepted.then_some(hixie::CLOSE));
                accepted
            }
        };
        Ok(self.caused(accepted, events))
    }

    /// Fails an open connection because an extension failed. Replaces a code that must not travel
    /// with 1010.
    pub fn fail_extension(&mut self, code: u16, message: &str) -> Caused {
        let mut events = VecDeque::new();
        if let State::Hybi(hybi) = &mut self.state {
            let code = CloseCode::to_send(code).unwrap_or(CloseCode::EXTENSION_ERROR);
            let error = Error::Extension(message.to_owned());
            hybi.fail_with(
                CloseFrame::new(code, message),
                error,
                &mut self.outbox,
                &mut events,
            );
        }
        self.caused(true, events)
    }

    /// Continues the close after [`Event::CloseSessions`], because the sessions outside the core
    /// have processed all their messages.
    pub fn sessions_closed(&mut self) -> Caused {
        let mut events = VecDeque::new();
        if let State::Hybi(hybi) = &mut self.state {
            hybi.sessions_closed(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    /// Discards all output, because the transport cannot write any more. Received bytes stay
    /// available.
    pub fn discard_output(&mut self) -> Caused {
        self.outbox.discard();
        let mut events = VecDeque::new();
        if let State::Hybi(hybi) = &mut self.state {
            hybi.discard_output(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    /// Discards the bytes of both directions without an event, because the transport has ended.
    pub fn abandon(&mut self) {
        self.end();
        self.pending.clear();
        self.outbox.discard();
    }

    /// Ends the connection after the caller has caught a panic of one of its methods. The state is
    /// unreliable, so all of it is discarded. `poll` and [`work`](Self::work) report
    /// [`Error::Internal`]. No close frame is sent, because part of another frame may already be
    /// written.
    pub fn fault(&mut self) {
        // The state alone is not sufficient: the method may have panicked before it reported the end.
        let has_ended = matches!(self.state, State::Ended) && self.pending.is_empty();
        self.abandon();
        if !has_ended {
            let close = if self.settled.version.is_draft() {
                hixie::CLOSE
            } else {
                ABNORMAL
            };
            self.pending.extend([Event::Error(Error::Internal), close]);
        }
    }

    /// Fails the connection because the allocator refused memory for received bytes or for output.
    /// `poll` and [`work`](Self::work) report the failure.
    pub fn exhaust(&mut self) {
        self.outbox.lose();
    }

    /// Fails the connection for lack of memory. An open connection sends a close frame.
    pub(super) fn exhausted(&mut self, events: &mut VecDeque<Event>) {
        match &mut self.state {
            State::Ended => {}
            State::Opening(_) => {
                let message = self.settled.manner.message;
                let violation = Violation::new(ProtocolError::NoMemory, message);
                events.extend(self.fail(Error::Protocol(violation)));
            }
            State::Hybi(hybi) => hybi.exhausted(&mut self.outbox, events),
            State::Hixie(hixie) => {
                events.extend(hixie.close(&mut self.outbox).then_some(hixie::CLOSE));
            }
        }
    }

    /// Returns the result of a command. If the command ended the connection, discards the events
    /// not yet polled: nothing may follow the end.
    pub(super) fn caused(
        &mut self,
        accepted: bool,
        events: impl IntoIterator<Item = Event>,
    ) -> Caused {
        let caused = Caused::new(accepted, events);
        if self.ready_state() == ReadyState::Closed && !caused.events.is_empty() {
            self.pending.clear();
        }
        caused
    }

    /// Ends the connection and releases its memory. The outbox keeps its bytes.
    pub(super) fn end(&mut self) {
        self.state = State::Ended;
    }

    /// Returns the close event in this version of the protocol. The drafts have no codes.
    pub(super) fn close_event(&self, code: Option<u16>, reason: String) -> Event {
        if self.settled.version.is_draft() {
            return hixie::CLOSE;
        }
        Event::Close {
            code,
            reason: Some(reason),
        }
    }
}
