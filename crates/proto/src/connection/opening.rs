//! The commands of the opening handshake, in both roles.
//!
//! `handshake.rs` contains its stages.

use super::handshake::{Next, Opened};
use super::sending::{Queued, Sent};
use super::{Connection, State};
use crate::close::CloseCode;
use crate::error::{HandshakeError, InvalidArgument};
use crate::extension::negotiation::Negotiation;
use crate::output::{Caused, Error, Event};

/// The commands of the opening handshake. They return their events, and their bytes are in the
/// outbox.
impl Connection {
    /// Adds a header to the handshake. Returns false after the handshake is complete.
    ///
    /// # Errors
    /// See [`HeaderList::set`](crate::http::headers::HeaderList::set).
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<bool, InvalidArgument> {
        match &mut self.state {
            State::Opening(opening) => opening.headers.set(name, value).map(|()| true),
            State::Hybi(_) | State::Hixie(_) | State::Ended => Ok(false),
        }
    }

    /// Begins the opening handshake: a client sends its request, a server its response. Accepted
    /// once, and by a server only if the request is valid.
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

    /// Returns the negotiation, if sessions outside the core can take part in it now. On a server,
    /// before [`start`](Self::start), for a valid request. On a client, before
    /// [`start`](Self::start), and again after [`Event::Activate`].
    pub fn negotiation(&mut self) -> Option<&mut Negotiation> {
        match &mut self.state {
            State::Opening(opening) => opening.negotiation(self.settled.version),
            State::Hybi(_) | State::Hixie(_) | State::Ended => None,
        }
    }

    /// Opens the connection of a client whose extensions have been activated.
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

    /// Fails the opening handshake. A server sends status 400. A client ends the connection.
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
    /// Carries out a step of the handshake.
    pub(super) fn step(&mut self, next: Next) -> Vec<Event> {
        match next {
            Next::Wait => Vec::new(),
            Next::Activate => vec![Event::Activate],
            Next::Open(opened) => self.open(*opened),
            Next::Refuse(error) => self.refuse(error).events,
        }
    }

    /// Opens the connection and sends the queued frames.
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

/// Properties, available in any state.
impl Connection {
    /// Returns whether the caller should stop reading until [`start`](Self::start), because enough
    /// bytes are stored. RFC 6455 §4.1 requires a client to wait for the response, so few bytes
    /// arrive before it. A peer that continues to send fails the handshake at 1 MiB.
    #[must_use]
    pub fn has_enough(&self) -> bool {
        match &self.state {
            State::Opening(opening) => opening.has_enough(),
            State::Hybi(_) | State::Hixie(_) | State::Ended => false,
        }
    }
}
