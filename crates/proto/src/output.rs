//! The outputs and events of the core, and the results of its commands.

use std::collections::VecDeque;
use std::fmt;

use crate::close::{CloseCode, CloseFrame};
use crate::error::{Facts, HandshakeError, ProtocolError};
use crate::frame::{FrameStart, Opcode, Rsv};
use crate::outbox::Outbox;

/// The next result of received bytes, as `poll` returns it.
#[derive(Debug)]
pub enum Output<'a> {
    /// A message. The borrow ends with the next call on the connection.
    Message(Message<'a>),
    /// A message for sessions outside the core to transform. The caller returns it with
    /// [`transformed`](crate::connection::Connection::transformed). Borrowed like `Message`.
    Transform(Transform<'a>),
    /// No output yet: the core is still working on a large message. Poll again after other
    /// connections have had their turn.
    Unfinished,
    /// A frame, if the policy delivers frames. Borrowed like `Message`.
    Frame(Frame<'a>),
    /// The core has added bytes to the outbox. A caller that writes frame by frame writes them now.
    Write,
    /// An event for the application. The outbox already contains all bytes that precede it: before
    /// [`Event::Open`], these are the messages that waited for the server's response.
    Event(Event),
}

impl Output<'_> {
    /// Returns the first pending output. Bytes precede events.
    pub(crate) fn of(outbox: &Outbox, pending: &mut VecDeque<Event>) -> Option<Self> {
        if outbox.is_empty() {
            pending.pop_front().map(Self::Event)
        } else {
            Some(Self::Write)
        }
    }
}

/// The kind of a message, RFC 6455 §5.6.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// UTF-8. The core has validated it, unless the policy disables the check.
    Text,
    /// Arbitrary bytes.
    Binary,
}

/// How one of our messages travels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Form {
    /// Compressed, if compression was negotiated and the message is long enough.
    #[default]
    Negotiated,
    /// Uncompressed. Control frames always use this form.
    Plain,
}

/// A message for the application: one or more data frames, unmasked and assembled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// Text or binary.
    pub kind: Kind,
    /// The application's bytes.
    pub payload: &'a [u8],
    /// The offsets in the payload at which a new frame begins, if the policy delivers
    /// [fragments](crate::policy::Delivery::Fragments). Frames without a payload are omitted, and a
    /// compressed message counts as one frame.
    pub cuts: Option<&'a [usize]>,
    /// Whether the payload is known to be ASCII. If false, it may still be.
    pub is_ascii: bool,
}

/// A frame from the peer, unmasked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// The first byte of the frame.
    pub start: FrameStart,
    /// Whether the peer masked the frame.
    pub masked: bool,
    /// The payload.
    pub payload: &'a [u8],
}

/// A message as received, before extensions transform it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transform<'a> {
    /// The kind of the message after the transformation.
    pub kind: Kind,
    /// The reserved bits of the first frame.
    pub rsv: Rsv,
    /// The joined payloads of all frames.
    pub payload: &'a [u8],
}

/// A change of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The opening handshake is complete.
    Open,
    /// A client has received a valid response. The caller activates the extensions and calls
    /// [`activated`](crate::connection::Connection::activated) or
    /// [`refuse`](crate::connection::Connection::refuse).
    Activate,
    /// A message that was sent before the connection opened, for the sessions that transform it.
    Outgoing {
        /// Text or binary.
        kind: Kind,
        /// The form in which it travels.
        form: Form,
        /// The payload from the application.
        payload: Vec<u8>,
        /// Whether the application [marked](crate::connection::Connection::mark) the message. The
        /// caller marks it again after it is sent.
        is_marked: bool,
    },
    /// The connection is about to close. The sessions finish their pending messages, and the caller
    /// then calls [`sessions_closed`](crate::connection::Connection::sessions_closed).
    CloseSessions,
    /// A ping arrived. An automatic pong is already in the outbox.
    Ping(Vec<u8>),
    /// A pong arrived.
    Pong(Vec<u8>),
    /// The peer violated the protocol. `Close` follows.
    Error(Error),
    /// The last event: the protocol has ended.
    Close {
        /// The close code: the peer's, or ours if we failed the connection. The drafts have no
        /// codes. A policy may also report `None` if no code was received.
        code: Option<u16>,
        /// The close reason.
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
    /// Returns the kind of a message that begins with this opcode, and `None` for other frames.
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

/// RFC 6455 §7.1.5: the connection ended without a close frame, and therefore without a reason.
pub(crate) const ABNORMAL: Event = Event::Close {
    code: Some(1006),
    reason: Some(String::new()),
};

/// The values of the public property `readyState`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadyState {
    /// -1: a client before `start`.
    Unstarted,
    /// 0: during the opening handshake.
    Connecting,
    /// 1: messages can be sent.
    Open,
    /// 2: our end has begun to close.
    Closing,
    /// 3: the connection has ended.
    Closed,
}

/// The reason why a connection failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// A server refused a request.
    #[error(transparent)]
    Refused(HandshakeError),
    /// An extension failed after the handshake. The message is the extension's own.
    #[error("{0}")]
    Extension(String),
    /// A client refused a response.
    #[error("Error during WebSocket handshake: {0}")]
    Handshake(HandshakeError),
    /// A frame violated the protocol.
    #[error("{0}")]
    Protocol(Violation),
    /// The connection encountered a bug of this implementation.
    #[error("Internal error of the WebSocket implementation")]
    Internal,
}

impl Error {
    /// Returns a stable name for programs, and for interfaces with their own messages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) | Self::Handshake(error) => error.code(),
            Self::Extension(_) => "extension",
            Self::Protocol(violation) => violation.error.code(),
            Self::Internal => "internal",
        }
    }

    /// Returns the named values of the error.
    #[must_use]
    pub fn facts(&self) -> Facts {
        match self {
            Self::Refused(error) | Self::Handshake(error) => error.facts(),
            Self::Protocol(violation) => violation.error.facts(),
            Self::Extension(_) | Self::Internal => Vec::new(),
        }
    }
}

/// A violation by the peer, and the interface's message for it.
#[derive(Clone, Copy)]
pub struct Violation {
    /// The violation.
    pub error: ProtocolError,
    message: fn(&ProtocolError) -> String,
}

impl Violation {
    pub(crate) fn new(error: ProtocolError, message: fn(&ProtocolError) -> String) -> Self {
        Self { error, message }
    }
}

/// Uses the messages of [`ProtocolError`].
impl From<ProtocolError> for Violation {
    fn from(error: ProtocolError) -> Self {
        Self::new(error, ProtocolError::to_string)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.message)(&self.error))
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

/// The result of a command. Its bytes are in the outbox and precede its events.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use = "dropped events never reach the application"]
pub struct Caused {
    /// False if the state of the connection does not allow the command. The command then has no
    /// effect.
    pub accepted: bool,
    /// The events for the application, in order.
    pub events: Vec<Event>,
}
