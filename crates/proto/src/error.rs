//! The errors: stable names, facts, default messages and close codes.
//!
//! A policy may replace messages and close codes. Other modules detect the errors.

use crate::close::CloseCode;
use crate::frame::Rsv;

/// The values of an error by name: an opcode, a length, a status.
pub type Facts = Vec<(&'static str, Fact)>;

/// The value of a fact.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "self-explanatory")]
pub enum Fact {
    Number(u64),
    Text(String),
}

/// A violation of RFC 6455 by the peer after the opening handshake. `Display` is the message for
/// users.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// §5.2: a reserved bit that no negotiated extension owns, or that the frame must not have.
    #[error("One or more reserved bits are on: reserved1 = {}, reserved2 = {}, reserved3 = {}",
        .0.digits()[0], .0.digits()[1], .0.digits()[2])]
    ReservedBits(Rsv),
    /// §5.2: a reserved opcode.
    #[error("Unrecognized frame opcode: {0}")]
    UnrecognizedOpcode(u8),
    /// §5.5: a control frame without FIN.
    #[error("Received fragmented control frame: opcode = {0}")]
    FragmentedControl(u8),
    /// §5.5: a control frame with more than 125 bytes.
    #[error("Received control frame having too long payload: {0}")]
    ControlTooLong(u64),
    /// §5.4: a frame with this opcode begins a message before the previous message has ended.
    #[error("Received new data frame but previous continuous frame is unfinished")]
    InterruptedMessage(u8),
    /// §5.4: a continuation without a message.
    #[error("Received unexpected continuation frame")]
    UnexpectedContinuation,
    /// §5.2: "the most significant bit MUST be 0".
    #[error("Received frame length with its most significant bit on")]
    LengthOverflow,
    /// §5.1: an unmasked frame from a client.
    #[error("Received unmasked frame but masking is required")]
    UnmaskedFrame,
    /// §5.1: a masked frame from a server.
    #[error("Received masked frame but masking is not allowed")]
    MaskedFrame,
    /// A frame larger than `max_frame`.
    #[error("WebSocket frame length too large")]
    FrameTooLarge {
        /// The payload length in the header.
        length: u64,
        /// The maximum length.
        limit: usize,
    },
    /// A message larger than `max_message`.
    #[error("WebSocket frame length too large")]
    TooLarge,
    /// A message with more frames than `max_fragments`.
    #[error("Too many message fragments")]
    TooManyFragments,
    /// §5.5.1: a close frame with a payload of one byte. A code has two.
    #[error("Received close frame having too short payload: 1")]
    CloseTooShort,
    /// §7.4: a close code that must not travel.
    #[error("Received invalid close code: {0}")]
    InvalidCloseCode(u16),
    /// §8.1: text that is not UTF-8.
    #[error("Could not decode a text frame as UTF-8")]
    InvalidUtf8,
    /// RFC 7692 §7.2.2: a message that cannot be inflated, with zlib's message.
    #[error("permessage-deflate: {0}")]
    Inflate(&'static str),
    /// Not a violation: the allocator refused memory for bytes from the peer, or for output that
    /// the peer does not read.
    #[error("Out of memory")]
    NoMemory,
}

impl ProtocolError {
    /// Returns a stable name for programs, and for interfaces with their own messages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ReservedBits(_) => "reserved-bits",
            Self::UnrecognizedOpcode(_) => "unrecognized-opcode",
            Self::FragmentedControl(_) => "fragmented-control",
            Self::ControlTooLong(_) => "control-too-long",
            Self::InterruptedMessage(_) => "interrupted-message",
            Self::UnexpectedContinuation => "unexpected-continuation",
            Self::LengthOverflow => "length-overflow",
            Self::UnmaskedFrame => "unmasked-frame",
            Self::MaskedFrame => "masked-frame",
            Self::FrameTooLarge { .. } => "frame-too-large",
            Self::TooLarge => "too-large",
            Self::TooManyFragments => "too-many-fragments",
            Self::CloseTooShort => "close-too-short",
            Self::InvalidCloseCode(_) => "invalid-close-code",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::Inflate(_) => "inflate",
            Self::NoMemory => "no-memory",
        }
    }

    /// Returns the named values of the error.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let number = |name, value: u64| vec![(name, Fact::Number(value))];
        match self {
            Self::ReservedBits(rsv) => {
                let bits = ["rsv1", "rsv2", "rsv3"].into_iter().zip(rsv.digits());
                bits.map(|(name, bit)| (name, Fact::Number(bit.into())))
                    .collect()
            }
            Self::UnrecognizedOpcode(opcode)
            | Self::FragmentedControl(opcode)
            | Self::InterruptedMessage(opcode) => number("opcode", (*opcode).into()),
            Self::ControlTooLong(length) => number("length", *length),
            Self::FrameTooLarge { length, limit } => vec![
                ("length", Fact::Number(*length)),
                ("limit", Fact::Number(*limit as u64)),
            ],
            Self::InvalidCloseCode(code) => number("closeCode", (*code).into()),
            Self::Inflate(reason) => vec![("reason", Fact::Text((*reason).to_owned()))],
            Self::UnexpectedContinuation
            | Self::LengthOverflow
            | Self::UnmaskedFrame
            | Self::MaskedFrame
            | Self::TooLarge
            | Self::TooManyFragments
            | Self::CloseTooShort
            | Self::InvalidUtf8
            | Self::NoMemory => Vec::new(),
        }
    }

    /// Returns the close code.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::UnmaskedFrame => CloseCode::UNACCEPTABLE,
            Self::TooLarge | Self::FrameTooLarge { .. } => CloseCode::TOO_LARGE,
            Self::TooManyFragments => CloseCode::POLICY_VIOLATION,
            Self::InvalidUtf8 => CloseCode::ENCODING_ERROR,
            Self::Inflate(_) => CloseCode::EXTENSION_ERROR,
            Self::NoMemory => CloseCode::UNEXPECTED_CONDITION,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// The reason why an opening handshake failed. `Display` is the message for users. A server sends
/// it as the body of its response, and a client adds the prefix `Error during WebSocket handshake: `.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer sent too many bytes before the handshake began.
    #[error("Received too much before the opening handshake")]
    Flooded,
    /// The request is ordinary HTTP.
    #[error("Not a WebSocket request")]
    NotWebSocket,
    /// A version other than 13, RFC 6455 §4.2.1, with the value of the header, if any.
    #[error("Unsupported WebSocket version: {}", .0.as_deref().unwrap_or("undefined"))]
    UnsupportedVersion(Option<String>),
    /// The request contains no key.
    #[error("Missing handshake request header: Sec-WebSocket-Key")]
    MissingKey,
    /// hixie-76 requires this header.
    #[error("Missing required header: {0}")]
    MissingDraftKey(&'static str),
    /// The keys of hixie-76 are invalid.
    #[error("Client sent invalid Sec-WebSocket-Key headers")]
    InvalidDraftKeys,
    /// RFC 6455 §4.2.1 does not allow the value of this header.
    #[error("Invalid handshake request header: {0}")]
    InvalidRequestHeader(&'static str),
    /// The value of `Sec-WebSocket-Extensions` is outside the grammar of §9.1.
    #[error("Invalid Sec-WebSocket-Extensions header: {0}")]
    InvalidExtensions(String),
    /// The server accepted an extension that the client did not offer.
    #[error("Server sent an extension response for unknown extension \"{0}\"")]
    UnknownExtension(String),
    /// The client refuses the server's parameters of an extension.
    #[error("Server sent unacceptable extension parameters: {0}")]
    UnacceptableExtension(String),
    /// An extension refused the negotiation. The message is the extension's own.
    #[error("{0}")]
    Extension(String),
    /// The response is not HTTP, or is too long.
    #[error("Parse Error")]
    MalformedResponse,
    /// The status is not 101.
    #[error("Unexpected response code: {0}")]
    UnexpectedStatus(u16),
    /// The response has no `Upgrade` header.
    #[error("'Upgrade' header is missing")]
    UpgradeMissing,
    /// The response upgrades to another protocol.
    #[error("'Upgrade' header value is not 'WebSocket'")]
    UpgradeNotWebSocket,
    /// The response has no `Connection` header.
    #[error("'Connection' header is missing")]
    ConnectionMissing,
    /// The response's `Connection` list does not contain `upgrade`.
    #[error("'Connection' header value is not 'Upgrade'")]
    ConnectionNotUpgrade,
    /// The response does not prove that the server has read the request.
    #[error("Sec-WebSocket-Accept mismatch")]
    AcceptMismatch,
    /// The server chose a subprotocol that the client did not offer.
    #[error("Sec-WebSocket-Protocol mismatch")]
    SubprotocolMismatch,
}

impl HandshakeError {
    /// Returns a stable name for programs, and for interfaces with their own messages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Flooded => "flooded",
            Self::NotWebSocket => "not-websocket",
            Self::UnsupportedVersion(_) => "unsupported-version",
            Self::MissingKey => "missing-key",
            Self::MissingDraftKey(_) => "missing-draft-key",
            Self::InvalidDraftKeys => "invalid-draft-keys",
            Self::InvalidRequestHeader(_) => "invalid-request-header",
            Self::InvalidExtensions(_) => "invalid-extensions",
            Self::UnknownExtension(_) => "unknown-extension",
            Self::UnacceptableExtension(_) => "unacceptable-extension",
            Self::Extension(_) => "extension",
            Self::MalformedResponse => "malformed-response",
            Self::UnexpectedStatus(_) => "unexpected-status",
            Self::UpgradeMissing => "upgrade-missing",
            Self::UpgradeNotWebSocket => "upgrade-not-websocket",
            Self::ConnectionMissing => "connection-missing",
            Self::ConnectionNotUpgrade => "connection-not-upgrade",
            Self::AcceptMismatch => "accept-mismatch",
            Self::SubprotocolMismatch => "subprotocol-mismatch",
        }
    }

    /// Returns the named values of the error.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let text = |name, value: &str| vec![(name, Fact::Text(value.to_owned()))];
        match self {
            Self::UnsupportedVersion(Some(version)) => text("version", version),
            Self::MissingDraftKey(header) | Self::InvalidRequestHeader(header) => {
                text("header", header)
            }
            Self::InvalidExtensions(extensions) => text("extensions", extensions),
            Self::UnknownExtension(name) => text("extension", name),
            Self::UnacceptableExtension(extension) => text("extension", extension),
            Self::UnexpectedStatus(status) => vec![("status", Fact::Number((*status).into()))],
            Self::UnsupportedVersion(None)
            | Self::Flooded
            | Self::NotWebSocket
            | Self::MissingKey
            | Self::InvalidDraftKeys
            | Self::Extension(_)
            | Self::MalformedResponse
            | Self::UpgradeMissing
            | Self::UpgradeNotWebSocket
            | Self::ConnectionMissing
            | Self::ConnectionNotUpgrade
            | Self::AcceptMismatch
            | Self::SubprotocolMismatch => Vec::new(),
        }
    }
}

/// The refusal of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The stable name of the [`HandshakeError`].
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The message for users.
    pub message: String,
}

impl Refusal {
    /// Creates a refusal with the default status and message.
    pub(crate) fn of(error: &HandshakeError) -> Self {
        Self {
            code: error.code(),
            status: 400,
            message: error.to_string(),
        }
    }
}

/// An invalid argument from our caller, which cannot be put on the wire.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidArgument {
    /// A header name or value that would end the header line, or that cannot be part of it.
    #[error("Invalid header {name:?}: names are tokens, and values contain no CR, LF or NUL")]
    Header {
        /// The name as passed.
        name: String,
    },
    /// A subprotocol that would end the header line.
    #[error("Invalid subprotocol {0:?}: must not contain control characters")]
    Subprotocol(String),
    /// A field of an event that would end its line.
    #[error("Invalid {field} {value:?}: must not contain CR, LF or NUL")]
    EventField {
        /// `event` or `id`.
        field: &'static str,
        /// The value as passed.
        value: String,
    },
    /// RFC 6455 §5.5: a control frame holds 125 bytes.
    #[error("The payload of a ping or pong is at most 125 bytes; got {0}")]
    ControlTooLong(usize),
    /// A close code that must not travel.
    #[error("Close code {0} cannot be sent: use 1000-1003, 1007-1014 or 3000-4999")]
    CloseCode(u16),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_violation_has_a_name_a_close_code_and_a_message() {
        use ProtocolError as E;
        let rsv = Rsv::from_first_byte(0xD1);
        let cases = [
            (
                E::ReservedBits(rsv),
                "reserved-bits",
                1002,
                "One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 1",
            ),
            (
                E::UnrecognizedOpcode(3),
                "unrecognized-opcode",
                1002,
                "Unrecognized frame opcode: 3",
            ),
            (
                E::FragmentedControl(9),
                "fragmented-control",
                1002,
                "Received fragmented control frame: opcode = 9",
            ),
            (
                E::ControlTooLong(126),
                "control-too-long",
                1002,
                "Received control frame having too long payload: 126",
            ),
            (
                E::InterruptedMessage(2),
                "interrupted-message",
                1002,
                "Received new data frame but previous continuous frame is unfinished",
            ),
            (
                E::UnexpectedContinuation,
                "unexpected-continuation",
                1002,
                "Received unexpected continuation frame",
            ),
            (
                E::LengthOverflow,
                "length-overflow",
                1002,
                "Received frame length with its most significant bit on",
            ),
            (
                E::UnmaskedFrame,
                "unmasked-frame",
                1003,
                "Received unmasked frame but masking is required",
            ),
            (
                E::MaskedFrame,
                "masked-frame",
                1002,
                "Received masked frame but masking is not allowed",
            ),
            (
                E::TooLarge,
                "too-large",
                1009,
                "WebSocket frame length too large",
            ),
            (
                E::FrameTooLarge {
                    length: 11,
                    limit: 10,
                },
                "frame-too-large",
                1009,
                "WebSocket frame length too large",
            ),
            (
                E::TooManyFragments,
                "too-many-fragments",
                1008,
                "Too many message fragments",
            ),
            (
                E::CloseTooShort,
                "close-too-short",
                1002,
                "Received close frame having too short payload: 1",
            ),
            (
                E::InvalidCloseCode(1005),
                "invalid-close-code",
                1002,
                "Received invalid close code: 1005",
            ),
            (
                E::InvalidUtf8,
                "invalid-utf8",
                1007,
                "Could not decode a text frame as UTF-8",
            ),
            (E::NoMemory, "no-memory", 1011, "Out of memory"),
        ];
        for (error, name, close_code, message) in cases {
            assert_eq!(error.code(), name);
            assert_eq!(error.close_code().get(), close_code, "{name}");
            assert_eq!(error.to_string(), message);
            assert!(message.len() <= 123, "{name}: too long for a close frame");
        }
    }

    #[test]
    fn an_error_names_its_facts() {
        let number = |name, value| vec![(name, Fact::Number(value))];
        let text = |name, value: &str| vec![(name, Fact::Text(value.to_owned()))];
        let bits = ProtocolError::ReservedBits(Rsv::from_first_byte(0xD1)).facts();
        let names = [("rsv1", 1), ("rsv2", 0), ("rsv3", 1)];
        assert_eq!(bits, names.map(|(name, bit)| (name, Fact::Number(bit))));
        let too_large = ProtocolError::FrameTooLarge {
            length: 11,
            limit: 10,
        };
        let cases = [
            (
                ProtocolError::UnrecognizedOpcode(3).facts(),
                number("opcode", 3),
            ),
            (
                ProtocolError::ControlTooLong(126).facts(),
                number("length", 126),
            ),
            (
                ProtocolError::InvalidCloseCode(1005).facts(),
                number("closeCode", 1005),
            ),
            (
                too_large.facts(),
                [number("length", 11), number("limit", 10)].concat(),
            ),
            (ProtocolError::InvalidUtf8.facts(), Vec::new()),
            (
                HandshakeError::UnexpectedStatus(302).facts(),
                number("status", 302),
            ),
            (
                HandshakeError::UnsupportedVersion(Some("7".to_owned())).facts(),
                text("version", "7"),
            ),
            (
                HandshakeError::InvalidRequestHeader("Host").facts(),
                text("header", "Host"),
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }
}
