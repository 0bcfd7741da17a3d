//! One connection, from the opening handshake to the close: its state, and the processing of
//! received bytes.
//!
//! `opening.rs`, `sending.rs` and `closing.rs` contain the commands of the application. Sockets,
//! timers and threads are outside the core.

mod closing;
mod handshake;
mod opening;
mod sending;

use std::collections::VecDeque;

use crate::error::{InvalidArgument, ProtocolError};
use crate::extension::deflate::agreement::Agreed;
use crate::extension::negotiation::Negotiated;
use crate::frame::Opcode;
use crate::handshake::accept::Nonce;
use crate::handshake::client::{ClientHandshake, ClientRequest};
use crate::handshake::server;
use crate::hixie::{Closing, Hixie};
use crate::http::head::ResponseHead;
use crate::http::request::Request;
use crate::hybi::Hybi;
use crate::inbox::Inbox;
use crate::outbox::Outbox;
pub use crate::output::ReadyState;
use crate::output::{Caused, Error, Event, Kind, Message, Output};
use crate::policy::{Policy, TextCheck};
use crate::utf8::is_utf8;
use crate::version::Version;
pub use handshake::FULL_CHUNK;
use handshake::{Opening, Settled};

/// A WebSocket connection without a socket. The [crate] documentation describes its use.
///
/// A command returns its results. When it returns, its bytes are in the outbox, and they precede
/// its events. Commands never decode received bytes.
#[derive(Debug)]
pub struct Connection {
    state: State,
    settled: Settled,
    outbox: Outbox,
    /// The events of received bytes, not polled yet.
    pending: VecDeque<Event>,
}

#[derive(Debug)]
enum State {
    /// During the opening handshake.
    Opening(Box<Opening>),
    /// Open or closing, with the frames of RFC 6455.
    Hybi(Hybi),
    /// Open or closing, with the frames of a draft.
    Hixie(Hixie),
    /// Ended before it opened, or abandoned.
    Ended,
}

/// Constructors.
impl Connection {
    /// Creates a server's end for a parsed request.
    ///
    /// # Errors
    /// [`InvalidArgument::Subprotocol`] for a name with control characters.
    pub fn server(request: Request, policy: Policy) -> Result<Self, InvalidArgument> {
        check_subprotocols(&policy.subprotocols)?;
        let version = server::version(&request, &policy);
        let subprotocol = if version.is_draft() {
            None
        } else {
            server::select_subprotocol(&request, &policy.subprotocols)
        };
        let settled = Settled::new(version, Some(subprotocol), &policy);
        let opening = Opening::server(request, policy);
        Ok(Self::new(State::Opening(Box::new(opening)), settled))
    }

    /// Creates a client's end. `nonce` is 16 random bytes, and the server must prove that it has
    /// read them.
    ///
    /// # Errors
    /// [`InvalidArgument::Subprotocol`] for a name with control characters.
    pub fn client(
        request: &ClientRequest,
        nonce: Nonce,
        mut policy: Policy,
    ) -> Result<Self, InvalidArgument> {
        check_subprotocols(&policy.subprotocols)?;
        let subprotocols = std::mem::take(&mut policy.subprotocols);
        let version = policy.versions.first().copied().unwrap_or(Version::Hybi13);
        let (handshake, headers) = ClientHandshake::new(request, nonce, subprotocols, version);
        let settled = Settled::new(version, None, &policy);
        let opening = Opening::client(handshake, headers, policy);
        Ok(Self::new(State::Opening(Box::new(opening)), settled))
    }

    /// Creates an open connection of either role, after an opening handshake made elsewhere. Writes
    /// no head and reports no [`Event::Open`]. `deflate` is the agreement on compression, if any.
    #[must_use]
    pub fn established(policy: &Policy, version: Version, deflate: Option<Agreed>) -> Self {
        let negotiated = deflate.map_or(Negotiated::Nothing, Negotiated::Deflate);
        let state = State::open(policy, version, negotiated, Inbox::default());
        Self::new(state, Settled::new(version, Some(None), policy))
    }

    fn new(state: State, settled: Settled) -> Self {
        Self {
            state,
            settled,
            outbox: Outbox::default(),
            pending: VecDeque::new(),
        }
    }
}

impl State {
    /// Returns the open state. `inbox` contains the bytes that arrived with the handshake.
    fn open(policy: &Policy, version: Version, negotiated: Negotiated, inbox: Inbox) -> Self {
        let max_message = policy.max_message;
        match version {
            Version::Hybi13 | Version::Hybi8 => Self::Hybi(Hybi::new(policy, negotiated, inbox)),
            Version::Hixie76 => Self::Hixie(Hixie::new(Closing::Frame, max_message, inbox)),
            Version::Hixie75 => Self::Hixie(Hixie::new(Closing::Silent, max_message, inbox)),
        }
    }
}

/// Received bytes: pass them to `receive`, then poll until `None`.
impl Connection {
    /// Stores bytes from the peer without decoding them. Discards them after the end of the
    /// connection, and if too many arrive before `start`.
    pub fn receive(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Opening(opening) => opening.receive(bytes),
            State::Hybi(hybi) => hybi.receive(bytes),
            State::Hixie(hixie) => hixie.receive(bytes),
            State::Ended => {}
        }
    }

    /// Lets `read` write bytes from the peer into memory of the connection, and stores them like
    /// [`receive`](Self::receive), without a copy where that is possible. Calls `read` once. `read`
    /// returns the number of bytes, from the beginning of the memory.
    ///
    /// # Errors
    /// The error of `read`. Nothing is stored then.
    pub fn read<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        if let State::Hybi(hybi) = &mut self.state {
            return hybi.read(read);
        }
        let mut stray = Inbox::default();
        let length = stray.read(read)?;
        self.receive(stray.unread());
        stray.clear();
        Ok(length)
    }

    /// Moves received bytes that are not polled yet to memory of their size. For callers that do not
    /// poll them soon.
    pub fn settle(&mut self) {
        if let State::Hybi(hybi) = &mut self.state {
            hybi.settle();
        }
    }

    /// Returns the next message, unless another output precedes it. Changes no state that a handler
    /// could observe, so a caller may collect a run of messages before it delivers the first.
    #[inline]
    pub fn poll_message(&mut self) -> Option<Message<'_>> {
        match &mut self.state {
            State::Hybi(hybi) if self.pending.is_empty() => hybi.poll_message(),
            State::Hybi(_) | State::Hixie(_) | State::Opening(_) | State::Ended => None,
        }
    }

    /// Returns the next output, or `None` until more bytes arrive. Advances the protocol by one
    /// output, so that a handler sees the state at that point.
    pub fn poll(&mut self) -> Option<Output<'_>> {
        if let Some(event) = self.pending.pop_front() {
            return Some(Output::Event(event));
        }
        if self.outbox.take_loss() {
            let mut events = VecDeque::new();
            self.exhausted(&mut events);
            self.pending = events;
            return Output::of(&self.outbox, &mut self.pending);
        }
        match self.state {
            State::Opening(ref mut opening) => {
                let next = opening.advance(&mut self.settled, &mut self.outbox)?;
                let events = self.step(next);
                self.pending.extend(events);
                Output::of(&self.outbox, &mut self.pending)
            }
            State::Hybi(ref mut hybi) => hybi.poll(&mut self.outbox, &mut self.pending),
            State::Hixie(ref mut hixie) => hixie.poll(&mut self.outbox, &mut self.pending),
            State::Ended => None,
        }
    }

    /// Accepts a message that sessions outside the core have transformed from
    /// [`Output::Transform`]. If the result is accepted, the caller delivers the message. Otherwise
    /// the message violates a rule and the connection fails.
    pub fn transformed(&mut self, kind: Kind, payload: &[u8]) -> Caused {
        let violation = if payload.len() > self.settled.max_message {
            Some(ProtocolError::TooLarge)
        } else if self.settled.text != TextCheck::Never && kind == Kind::Text && !is_utf8(payload) {
            Some(ProtocolError::InvalidUtf8)
        } else {
            None
        };
        let mut events = VecDeque::new();
        if let Some(error) = violation
            && let State::Hybi(hybi) = &mut self.state
        {
            hybi.fail(error, &mut self.outbox, &mut events);
        }
        self.caused(violation.is_none(), events)
    }
}

/// Properties, available in any state.
impl Connection {
    /// Returns the bytes to write. They stay until the caller has written them and clears the
    /// outbox.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// Returns the state of the connection.
    #[must_use]
    pub fn ready_state(&self) -> ReadyState {
        match &self.state {
            State::Opening(opening) if opening.is_before_request() => ReadyState::Unstarted,
            State::Opening(_) => ReadyState::Connecting,
            State::Hybi(hybi) => hybi.ready_state(),
            State::Hixie(hixie) if hixie.is_closed() => ReadyState::Closed,
            State::Hixie(_) => ReadyState::Open,
            State::Ended => ReadyState::Closed,
        }
    }

    /// Returns the maximum length of a received message, in bytes.
    #[must_use]
    pub fn max_length(&self) -> usize {
        self.settled.max_message
    }

    /// Returns the version of the protocol.
    #[must_use]
    pub fn version(&self) -> Version {
        self.settled.version
    }

    /// Returns the subprotocol in use. A server knows it from the beginning, a client after the
    /// response.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.settled.subprotocol.as_ref()?.as_deref()
    }

    /// Returns whether the subprotocol, or its absence, is known. After a response with a
    /// subprotocol that the client did not offer, no subprotocol is in use.
    #[must_use]
    pub fn knows_subprotocol(&self) -> bool {
        self.settled.subprotocol.is_some()
    }

    /// Returns the server's response to a client, valid or not, after it has arrived.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseHead> {
        self.settled.response.as_deref()
    }

    /// Returns whether the caller must call [`poll`](Self::poll) after
    /// [`poll_message`](Self::poll_message) has returned `None`.
    #[must_use]
    pub fn needs_poll(&self) -> bool {
        if self.outbox.has_lost() || !self.pending.is_empty() {
            return true;
        }
        match &self.state {
            State::Hybi(hybi) => hybi.needs_poll(),
            State::Opening(_) | State::Hixie(_) => true,
            State::Ended => false,
        }
    }

    /// Returns whether received bytes are unprocessed, or events are not polled yet.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        !self.pending.is_empty()
            || match &self.state {
                State::Opening(opening) => opening.has_unread(),
                State::Hybi(hybi) => hybi.has_unread(),
                State::Hixie(hixie) => hixie.has_unread(),
                State::Ended => false,
            }
    }

    /// Returns whether the peer begins to close the connection with these bytes, the next to receive:
    /// their first frame is a close frame.
    #[must_use]
    pub fn would_close(&self, bytes: &[u8]) -> bool {
        let is_close = bytes.first().map(|&first| Opcode::of(first)) == Some(Opcode::Close);
        is_close
            && self.pending.is_empty()
            && matches!(&self.state, State::Hybi(hybi) if hybi.is_between_frames())
    }

    /// Returns whether the caller must call [`work`](Self::work), after other connections have had
    /// their turn. A large message is compressed in slices, and later messages wait for it. After a
    /// [fault](Self::fault) or [exhaustion](Self::exhaust) of memory, `work` reports it.
    #[must_use]
    pub fn has_work(&self) -> bool {
        matches!(&self.state, State::Hybi(hybi) if hybi.has_work())
            || self.has_faulted()
            || self.outbox.has_lost()
    }

    /// Returns whether the connection has [faulted](Self::fault) and has not reported it yet.
    #[must_use]
    pub fn has_faulted(&self) -> bool {
        matches!(self.pending.front(), Some(Event::Error(Error::Internal)))
    }

    /// Returns the number of accepted bytes not yet handed out for writing: in the outbox, in the
    /// queue of the handshake, and in the backlog of compression.
    #[must_use]
    pub fn buffered_amount(&self) -> usize {
        let queued = match &self.state {
            State::Opening(opening) => opening.queued_bytes(),
            State::Hybi(_) | State::Hixie(_) | State::Ended => 0,
        };
        self.waiting() + queued
    }

    /// Returns the same number without the queue of the handshake.
    #[must_use]
    #[inline]
    pub fn waiting(&self) -> usize {
        let compressing = match &self.state {
            State::Hybi(hybi) => hybi.waiting_bytes(),
            State::Opening(_) | State::Hixie(_) | State::Ended => 0,
        };
        self.outbox.bytes().len() + compressing
    }
}

fn check_subprotocols(names: &[String]) -> Result<(), InvalidArgument> {
    match names.iter().find(|name| name.contains(char::is_control)) {
        Some(bad) => Err(InvalidArgument::Subprotocol(bad.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_connection_is_small_because_most_connections_are_idle() {
        assert!(
            size_of::<Connection>() <= 416,
            "{}",
            size_of::<Connection>()
        );
        assert!(size_of::<Hybi>() <= 248, "{}", size_of::<Hybi>());
    }
}
