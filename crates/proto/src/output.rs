//! All that leaves the core.

use std::collections::VecDeque;
use std::fmt;

use crate::close::{CloseCode, CloseFrame};
use crate::error::{Facts, HandshakeError, ProtocolError};
use crate::frame::{FrameStart, Opcode, Rsv};
use crate::outbox::Outbox;

/// What `poll` returns: the next thing the peer caused.
#[derive(Debug)]
pub enum Output<'a> {
    /// A message. It is lent out: the next call on the connection takes it back.
    Message(Message<'a>),
    /// A message that sessions outside the core have to transform. It comes back with
    /// [`transformed`](crate::connection::Connection::transformed); lent out as above.
    Transform(Transform<'a>),
    /// Nothing yet: a large message has arrived and is being worked on. Poll again when other connections
    /// have had their turn.
    Unfinished,
    /// A frame, where the policy asks for frames. Lent out as above.
    Frame(Frame<'a>),
    /// Bytes were added to the outbox. A caller that writes frame by frame writes them now.
    Write,
    /// Something to tell the application. What is in the outbox by now was said before it: messages
    /// that waited for the answer of a server are there when [`Event::Open`] comes.
    Event(Event),
}

impl Output<'_> {
    /// The first of what has just been caused: bytes come before events.
    pub(crate) fn of(outbox: &Outbox, pending: &mut VecDeque<Event>) -> Option<Self> {
        if outbox.is_empty() {
            pending.pop_front().map(Self::Event)
        } else {
            Some(Self::Write)
        }
    }
}

/// Text or binary, RFC 6455 §5.6.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// UTF-8, proven, unless the policy leaves that out.
    Text,
    /// Anything.
    Binary,
}

/// How a message of ours travels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Form {
    /// Compressed, if that was negotiated and the message is long enough.
    #[default]
    Negotiated,
    /// Uncompressed. Control frames have no other form.
    Plain,
}

/// What applications receive: one or more data frames, unmasked and put together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// Text or binary.
    pub kind: Kind,
    /// The application's bytes.
    pub payload: &'a [u8],
    /// Where the payload of one of its frames ends and that of the next begins, where the policy
    /// [asks](crate::policy::Delivery::Fragments) for it. Frames without a payload are left out, and a message
    /// that came compressed counts as one frame.
    pub cuts: Option<&'a [usize]>,
}

/// A frame of the peer, unmasked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// What its first byte says.
    pub start: FrameStart,
    /// Whether it came masked.
    pub masked: bool,
    /// Its payload.
    pub payload: &'a [u8],
}

/// A message on the other side of the extensions: as it came from the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transform<'a> {
    /// Text or binary, once it has been transformed.
    pub kind: Kind,
    /// The reserved bits of its first frame.
    pub rsv: Rsv,
    /// The payload of its frames.
    pub payload: &'a [u8],
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The opening handshake is complete.
    Open,
    /// A client got an answer that is good so far: its extensions have to be activated, and
    /// [`activated`](crate::connection::Connection::activated) or
    /// [`refuse`](crate::connection::Connection::refuse) to be called.
    Activate,
    /// A message that was sent before the connection was open, for the sessions that transform it.
    Outgoing {
        /// Text or binary.
        kind: Kind,
        /// How it is to travel.
        form: Form,
        /// What the application sent.
        payload: Vec<u8>,
        /// Whether it was [marked](crate::connection::Connection::mark), and is to be again when it is sent.
        is_marked: bool,
    },
    /// The sessions have to finish what they hold, and
    /// [`sessions_closed`](crate::connection::Connection::sessions_closed) to be called, before the connection closes.
    CloseSessions,
    /// A ping came in; its pong is already in the outbox.
    Ping(Vec<u8>),
    /// A pong came in.
    Pong(Vec<u8>),
    /// The peer broke the protocol. `Close` follows.
    Error(Error),
    /// The connection is over, as far as the protocol goes. Nothing follows.
    Close {
        /// The close code: the peer's, or ours if we failed the connection. The drafts have none, and a policy
        /// may report that none came.
        code: Option<u16>,
        /// The close reason that goes with it.
        reason: Option<String>,
    },
}

impl Caused {
    pub(crate) fn new(accepted: bool, events: impl IntoIterator<Item = Event>) -> Self {
        Self {
            accepted,
            events: events.into_iter().collect(),
        }
    }
}

impl Kind {
    /// What an opening frame starts; `None` for other frames.
    pub(crate) fn of(opcode: Opcode) -> Option<Self> {
        match opcode {
            Opcode::Text => Some(Self::Text),
            Opcode::Binary => Some(Self::Binary),
            _ => None,
        }
    }
}

impl From<Kind> for Opcode {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Binary => Self::Binary,
        }
    }
}

impl Event {
    pub(crate) fn close(frame: &CloseFrame) -> Self {
        Self::Close {
            code: frame.code().map(CloseCode::get),
            reason: Some(frame.reason().into_owned()),
        }
    }
}

/// RFC 6455 §7.1.5: the connection was closed, and no close frame was received. A reason did not come either.
pub(crate) const ABNORMAL: Event = Event::Close {
    code: Some(1006),
    reason: Some(String::new()),
};

/// `readyState`, by the numbers of its public property.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadyState {
    /// -1: a client that has not been started.
    Unstarted,
    /// 0: the opening handshake is under way.
    Connecting,
    /// 1: messages may be sent.
    Open,
    /// 2: we have begun to close.
    Closing,
    /// 3: over.
    Closed,
}

/// Why a connection failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// A server refused the request it was given.
    #[error(transparent)]
    Refused(HandshakeError),
    /// An extension failed after the handshake, in its own words.
    #[error("{0}")]
    Extension(String),
    /// A client refused the answer it got.
    #[error("Error during WebSocket handshake: {0}")]
    Handshake(HandshakeError),
    /// A frame broke the protocol.
    #[error("{0}")]
    Protocol(Violation),
    /// This implementation has a mistake, and the connection has met it.
    #[error("Internal error of the WebSocket implementation")]
    Internal,
}

impl Error {
    /// A stable name for programs, and for interfaces with other words.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) | Self::Handshake(error) => error.code(),
            Self::Extension(_) => "extension",
            Self::Protocol(violation) => violation.error.code(),
            Self::Internal => "internal",
        }
    }

    /// What belongs to it, by name.
    #[must_use]
    pub fn facts(&self) -> Facts {
        match self {
            Self::Refused(error) | Self::Handshake(error) => error.facts(),
            Self::Protocol(violation) => violation.error.facts(),
            Self::Extension(_) | Self::Internal => Vec::new(),
        }
    }
}

/// What the peer did wrong, and what the interface calls it.
#[derive(Clone, Copy)]
pub struct Violation {
    /// What it did.
    pub error: ProtocolError,
    words: fn(&ProtocolError) -> String,
}

impl Violation {
    pub(crate) fn new(error: ProtocolError, words: fn(&ProtocolError) -> String) -> Self {
        Self { error, words }
    }
}

/// In the words of [`ProtocolError`].
impl From<ProtocolError> for Violation {
    fn from(error: ProtocolError) -> Self {
        Self::new(error, ProtocolError::to_string)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.words)(&self.error))
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl PartialEq for Violation {
    fn eq(&self, other: &Self) -> bool {
        self.error == other.error
    }
}

impl Eq for Violation {}

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
