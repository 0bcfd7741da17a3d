//! One connection, from the opening handshake to the close.
//!
//! Knows in which state a connection is, and what the peer causes in each. What the application causes is
//! in `opening.rs`, `sending.rs` and `closing.rs`. Does not know sockets, timers or threads.

mod closing;
mod handshake;
mod opening;
mod sending;

use std::collections::VecDeque;

use crate::error::{InvalidArgument, ProtocolError};
use crate::extension::deflate::agreement::Agreed;
use crate::extension::negotiation::Negotiated;
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

/// A WebSocket connection without a socket. See the [crate] documentation for how to drive it.
///
/// What the application causes is the return value of a command. The bytes of a command are in the outbox
/// when it returns; its events come after the bytes. Commands never advance decoding.
#[derive(Debug)]
pub struct Connection {
    state: State,
    settled: Settled,
    outbox: Outbox,
    /// Events that the peer has caused, and that have not been polled.
    pending: VecDeque<Event>,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all connections speak frames, and every message passes here"
)]
enum State {
    /// The opening handshake is not complete.
    Opening(Box<Opening>),
    /// Frames flow, until both ends have said that they close.
    Hybi(Hybi),
    /// The same for the drafts.
    Hixie(Hixie),
    /// The connection ended before it was open, or was abandoned.
    Ended,
}

/// The constructors: where a connection comes from.
impl Connection {
    /// A server's end, for a request that was parsed elsewhere.
    ///
    /// # Errors
    /// [`InvalidArgument::Subprotocol`] for a name that could not be written.
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

    /// A client's end. `nonce` is 16 random bytes, which the server must prove to have read.
    ///
    /// # Errors
    /// [`InvalidArgument::Subprotocol`] for a name that could not be written.
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

    /// An end whose opening handshake was made elsewhere, in either role. It is open: no head is written, and no
    /// [`Event::Open`] comes. `deflate` is what was agreed on, if messages are compressed.
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
    /// Frames flow. `inbox` has those that have arrived.
    fn open(policy: &Policy, version: Version, negotiated: Negotiated, inbox: Inbox) -> Self {
        let max_message = policy.max_message;
        match version {
            Version::Hybi13 | Version::Hybi8 => Self::Hybi(Hybi::new(policy, negotiated, inbox)),
            Version::Hixie76 => Self::Hixie(Hixie::new(Closing::Frame, max_message, inbox)),
            Version::Hixie75 => Self::Hixie(Hixie::new(Closing::Silent, max_message, inbox)),
        }
    }
}

/// What the peer causes: feed bytes, then poll until nothing is left.
impl Connection {
    /// Stores bytes from the peer, and does nothing else; not even that once the connection is over, or
    /// when too much waits for its start.
    pub fn receive(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Opening(opening) => opening.receive(bytes),
            State::Hybi(hybi) => hybi.receive(bytes),
            State::Hixie(hixie) => hixie.receive(bytes),
            State::Ended => {}
        }
    }

    /// The next message, if the next thing the peer caused is one. It changes no state that a handler
    /// could observe, so a run of messages may be collected before the first one is delivered.
    #[inline]
    pub fn poll_message(&mut self) -> Option<Message<'_>> {
        match &mut self.state {
            State::Hybi(hybi) if self.pending.is_empty() => hybi.poll_message(),
            State::Hybi(_) | State::Hixie(_) | State::Opening(_) | State::Ended => None,
        }
    }

    /// The next thing the peer caused, or `None` when more bytes are needed. Advances the protocol by
    /// that one thing, so what a handler sees is the state at that moment.
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

    /// What sessions outside the core have made of an [`Output::Transform`]: true when it may be
    /// delivered. Else it breaks a rule, and the events say so.
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

/// What can be read at any time.
impl Connection {
    /// The bytes to write. They stay there until the caller, having written them, clears it.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// Where the connection stands.
    #[must_use]
    pub fn ready_state(&self) -> ReadyState {
        match &self.state {
            State::Opening(opening) if opening.is_unasked() => ReadyState::Unstarted,
            State::Opening(_) => ReadyState::Connecting,
            State::Hybi(hybi) => hybi.ready_state(),
            State::Hixie(hixie) if hixie.is_closed() => ReadyState::Closed,
            State::Hixie(_) => ReadyState::Open,
            State::Ended => ReadyState::Closed,
        }
    }

    /// The longest message that is received, in bytes.
    #[must_use]
    pub fn max_length(&self) -> usize {
        self.settled.max_message
    }

    /// Which protocol the connection speaks.
    #[must_use]
    pub fn version(&self) -> Version {
        self.settled.version
    }

    /// The subprotocol in use: a server knows it from the beginning, a client from the answer.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.settled.subprotocol.as_ref()?.as_deref()
    }

    /// Whether it is known which subprotocol is in use, or that there is none. After an answer that chose one
    /// that was not offered, there is none.
    #[must_use]
    pub fn knows_subprotocol(&self) -> bool {
        self.settled.subprotocol.is_some()
    }

    /// The server's answer to a client, as soon as it has arrived, good or bad.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseHead> {
        self.settled.response.as_ref()
    }

    /// Whether [`poll`](Self::poll) has to be asked when [`poll_message`](Self::poll_message) has nothing.
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

    /// Whether bytes have arrived that nothing has come of yet, or something is still to be told.
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

    /// Whether a large message is being compressed. What is sent meanwhile waits for it, and all of it
    /// for [`work`](Self::work), which is to be called when other connections have had their turn. The
    /// last work of a connection that has [faulted](Self::fault), or has no [memory](Self::exhaust), is to tell
    /// so.
    #[must_use]
    pub fn has_work(&self) -> bool {
        matches!(&self.state, State::Hybi(hybi) if hybi.has_work())
            || self.has_faulted()
            || self.outbox.has_lost()
    }

    /// Whether it has [faulted](Self::fault), and that is still to be told.
    #[must_use]
    pub fn has_faulted(&self) -> bool {
        matches!(self.pending.front(), Some(Event::Error(Error::Internal)))
    }

    /// Bytes accepted and not handed out for writing: in the outbox, waiting for the handshake or for
    /// their turn to be compressed.
    #[must_use]
    pub fn buffered_amount(&self) -> usize {
        let queued = match &self.state {
            State::Opening(opening) => opening.queued_bytes(),
            State::Hybi(_) | State::Hixie(_) | State::Ended => 0,
        };
        self.waiting() + queued
    }

    /// The same without those that wait for the handshake.
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
