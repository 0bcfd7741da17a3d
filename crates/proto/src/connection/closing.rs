//! How a connection ends: by the application, by an error of ours, or with its transport.
//!
//! Knows what each state has to say then. Does not know the closing handshake itself, which is that of
//! the protocol it speaks.

use std::collections::VecDeque;

use super::{Connection, ReadyState, State};
use crate::close::{CloseCode, CloseFrame};
use crate::error::{InvalidArgument, ProtocolError};
use crate::hixie;
use crate::output::{ABNORMAL, Caused, Error, Event, Violation};

impl Connection {
    /// Closes: with a close frame when the connection is open, at once when it is not open yet. Not
    /// accepted when it is closing or closed. A reason above 123 bytes is cut between two characters.
    /// The drafts close without code and reason.
    ///
    /// Without a code the close frame is empty.
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

    /// Fails an open connection because an extension did. A code that must not travel becomes 1010.
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

    /// The sessions outside the core have finished, as [`Event::CloseSessions`] asked.
    pub fn sessions_closed(&mut self) -> Caused {
        let mut events = VecDeque::new();
        if let State::Hybi(hybi) = &mut self.state {
            hybi.sessions_closed(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    /// Nothing can be written any more: forgets what waits for that. What has arrived is still there.
    pub fn discard_output(&mut self) -> Caused {
        self.outbox.discard();
        let mut events = VecDeque::new();
        if let State::Hybi(hybi) = &mut self.state {
            hybi.discard_output(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    /// The transport is gone: forgets what waits in either direction, without a word.
    pub fn abandon(&mut self) {
        self.end();
        self.pending.clear();
        self.outbox.discard();
    }

    /// A method has panicked, and the caller has caught that: nothing in here can be relied on. Forgets
    /// everything and ends with [`Error::Internal`], which `poll` and [`work`](Self::work) tell. No close
    /// frame is sent: half of another frame may have been.
    pub fn fault(&mut self) {
        // Closed is not enough: what panicked may have been about to say so.
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

    /// There is no memory for something that the peer has sent, or that waits for it. The connection fails, which
    /// `poll` and [`work`](Self::work) tell.
    pub fn exhaust(&mut self) {
        self.outbox.lose();
    }

    /// Fails the connection for want of memory: with a close frame when it is open.
    pub(super) fn exhausted(&mut self, events: &mut VecDeque<Event>) {
        match &mut self.state {
            State::Ended => {}
            State::Opening(_) => {
                let words = self.settled.manner.words;
                let violation = Violation::new(ProtocolError::NoMemory, words);
                events.extend(self.fail(Error::Protocol(violation)));
            }
            State::Hybi(hybi) => hybi.exhausted(&mut self.outbox, events),
            State::Hixie(hixie) => {
                events.extend(hixie.close(&mut self.outbox).then_some(hixie::CLOSE));
            }
        }
    }

    /// What a command may have caused, the end among it: nothing follows that, not even what the peer
    /// caused before and has not been polled.
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

    /// Stops, and gives all memory back. What is in the outbox is still to be written.
    pub(super) fn end(&mut self) {
        self.state = State::Ended;
    }

    /// A close as the protocol of this connection reports it: the drafts have no codes.
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
