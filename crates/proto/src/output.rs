//! All that leaves the core.

use crate::error::{HandshakeError, ProtocolError};

/// What `poll` returns: the next thing the peer caused.
#[derive(Debug)]
pub enum Output<'a> {
    /// A message. It is lent out: the next call on the connection takes it back.
    Message(Message<'a>),
    /// Bytes were added to the outbox. Whoever writes frame by frame writes them now.
    Write,
    /// Something to tell the application. What is in the outbox by now was said before it: messages
    /// that waited for the answer of a server are there when [`Event::Open`] comes.
    Event(Event),
}

/// Text or binary, RFC 6455 §5.6.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// UTF-8, proven.
    Text,
    /// Anything.
    Binary,
}

/// What applications receive: one or more data frames, unmasked and put together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// Text or binary.
    pub kind: Kind,
    /// The application's bytes.
    pub payload: &'a [u8],
}

/// What happened, in the words of websocket-driver's events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The opening handshake is complete.
    Open,
    /// A ping came in; its pong is already in the outbox.
    Ping(Vec<u8>),
    /// A pong came in.
    Pong(Vec<u8>),
    /// The peer broke the protocol. `Close` follows.
    Error(Error),
    /// The connection is over, as far as the protocol goes. Nothing follows.
    Close {
        /// The close code: the peer's, or ours if we failed the connection.
        code: u16,
        /// The close reason that goes with it.
        reason: String,
    },
}

/// Why a connection failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// A server refused the request it was given.
    #[error(transparent)]
    Refused(HandshakeError),
    /// A client refused the answer it got.
    #[error("Error during WebSocket handshake: {0}")]
    Handshake(HandshakeError),
    /// A frame broke the protocol.
    #[error(transparent)]
    Protocol(ProtocolError),
}

/// What a command caused: whether it was accepted, and what to tell the application, in order. Its
/// bytes are in the outbox and come before its events.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use = "events that are dropped never reach the application"]
pub struct Caused {
    /// False when the state of the connection does not allow the command; then nothing happened.
    pub accepted: bool,
    /// In this order.
    pub events: Vec<Event>,
}
