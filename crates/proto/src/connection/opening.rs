//! The opening handshake of a connection, in either role: from nothing to frames.
//!
//! Knows what the application may do before the connection is open, and what it is told. How far a
//! handshake is, is in `handshake.rs`.

use super::handshake::{Next, Opened};
use super::sending::{Queued, Sent};
use super::{Connection, State};
use crate::close::CloseCode;
use crate::error::{HandshakeError, InvalidArgument};
use crate::extension::negotiation::Negotiation;
use crate::output::{Caused, Error, Event};

/// Commands of the opening handshake. Like all commands they return their events, and their bytes are
/// in the outbox.
impl Connection {
    /// Adds a header to the handshake. False once there is nothing to add it to.
    ///
    /// # Errors
    /// See [`HeaderList::set`](crate::http::headers::HeaderList::set).
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<bool, InvalidArgument> {
        match &mut self.state {
            State::Opening(opening) => opening.headers.set(name, value).map(|()| true),
            State::Hybi(_) | State::Hixie(_) | State::Ended => Ok(false),
        }
    }

    /// Starts the opening handshake: a server answers, a client asks. Accepted once, and by a server
    /// only if the request is a good one.
    pub fn start(&mut self) -> Caused {
        let started = match &mut self.state {
            State::Opening(opening) => opening.start(&self.settled, &mut self.outbox),
            State::Hybi(_) | State::Hixie(_) | State::Ended => None,
        };
        match started {
            None => Caused::default(),
            Some(Next::Refuse(error)) => self.refuse(error),
            Some(next) => {
                let events = self.step(next);
                Caused::new(true, events)
            }
        }
    }

    /// The negotiation of extensions whose sessions live outside the core, when it is time for it: on a
    /// server before [`start`](Self::start), if the request is a good one; on a client before
    /// [`start`](Self::start), and again after [`Event::Activate`].
    pub fn negotiation(&mut self) -> Option<&mut Negotiation> {
        match &mut self.state {
            State::Opening(opening) => opening.negotiation(self.settled.version),
            State::Hybi(_) | State::Hixie(_) | State::Ended => None,
        }
    }

    /// The client's extensions have been activated: the connection opens.
    pub fn activated(&mut self) -> Caused {
        let activated = match &mut self.state {
            State::Opening(opening) => opening.activated(self.settled.version),
            State::Hybi(_) | State::Hixie(_) | State::Ended => None,
        };
        match activated {
            None => Caused::default(),
            Some(next) => {
                let events = self.step(next);
                Caused::new(true, events)
            }
        }
    }

    /// Fails an opening handshake: a server answers 400, a client just ends.
    pub fn refuse(&mut self, error: HandshakeError) -> Caused {
        let refused = match &self.state {
            State::Opening(opening) => opening.refuse(error, &mut self.outbox),
            State::Hybi(_) | State::Hixie(_) | State::Ended => None,
        };
        match refused {
            None => Caused::default(),
            Some(error) => {
                let events = self.fail(error);
                self.caused(false, events)
            }
        }
    }
}

impl Connection {
    /// Does what a step of the handshake leads to.
    pub(super) fn step(&mut self, next: Next) -> Vec<Event> {
        match next {
            Next::Wait => Vec::new(),
            Next::Activate => vec![Event::Activate],
            Next::Open(opened) => self.open(*opened),
            Next::Refuse(error) => self.refuse(error).events,
        }
    }

    /// From now on frames flow, those first that have been waiting.
    fn open(&mut self, opened: Opened) -> Vec<Event> {
        let Opened {
            state,
            queued,
            has_sessions,
        } = opened;
        self.state = state;
        let mut events = Vec::new();
        for Queued {
            sent,
            payload,
            is_marked,
        } in queued
        {
            match sent {
                Sent::Message(kind, form) if has_sessions => events.push(Event::Outgoing {
                    kind,
                    form,
                    payload,
                    is_marked,
                }),
                _ => {
                    self.send_now(sent, &payload);
                    if is_marked {
                        self.mark();
                    }
                }
            }
        }
        events.push(Event::Open);
        events
    }

    pub(super) fn fail(&mut self, error: Error) -> Vec<Event> {
        self.end();
        let code = match &error {
            Error::Protocol(violation) => (self.settled.manner.close_code)(&violation.error),
            _ => CloseCode::PROTOCOL_ERROR,
        };
        let close = self.close_event(Some(code.get()), error.to_string());
        vec![Event::Error(error), close]
    }
}

/// What can be read at any time.
impl Connection {
    /// Whether so much waits for [`start`](Self::start) that nothing more should be read until then. RFC
    /// 6455 §4.1 has a client wait for the answer, so little comes before it; a peer that goes on sending
    /// fails the handshake at 1 MiB.
    #[must_use]
    pub fn has_enough(&self) -> bool {
        match &self.state {
            State::Opening(opening) => opening.has_enough(),
            State::Hybi(_) | State::Hixie(_) | State::Ended => false,
        }
    }
}
