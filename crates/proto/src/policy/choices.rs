//! The types of the choices in a policy.
//!
//! `policy.rs` makes the choices for each interface.

/// The masking that the peer's frames must have, RFC 6455 §5.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeerMasking {
    /// The peer is a client: an unmasked frame fails the connection.
    Required,
    /// The peer is a server: a masked frame fails the connection.
    Forbidden,
    /// Masked and unmasked frames are accepted.
    Optional,
}

/// The requests that a server treats as hixie-75 or hixie-76.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drafts {
    /// None. RFC 6455 applies to each request.
    Refused,
    /// Requests for a WebSocket. Other requests are refused with a close code, as under RFC 6455.
    Understood,
    /// All requests without headers of RFC 6455. The refusal of other requests has no close code.
    Presumed,
}

/// The checks that a server applies to a request of RFC 6455.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestChecks {
    /// All requirements of §4.2.1, and the grammar of the extensions header.
    Strict,
    /// [`Lenient`](Self::Lenient) first, which decides the reported error of a request with several
    /// errors. Then [`Strict`](Self::Strict), and the grammar of the subprotocols header.
    LenientThenStrict,
    /// Host, key and version, in this order. The version is parsed like JavaScript's `parseInt`. An
    /// extensions header outside the grammar is ignored.
    Lenient,
}

/// The order and encoding of the head of a server's response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResponseFormat {
    /// The application's headers come first and take precedence. UTF-8.
    ApplicationFirst,
    /// The application's headers come last and cannot replace ours. Latin-1, like Node's parser.
    /// Other characters become question marks.
    ApplicationLast,
}

/// The form in which the application receives data frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// Messages.
    Messages,
    /// Messages with the [offsets](crate::output::Message::cuts) of their frames.
    Fragments,
    /// [Frames](crate::output::Output::Frame), including control frames. They are checked as [whole
    /// frames](Checks::WholeFrame). Their sequence and text are not checked.
    Frames,
}

/// When text is validated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextCheck {
    /// At each byte: the first byte that cannot be UTF-8 fails the connection.
    Bytewise,
    /// When the message is complete.
    WholeMessage,
    /// Never. Text and close reasons may contain any bytes.
    Never,
}

/// The replies to the peer's pings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pongs {
    /// A pong, added to the outbox before the ping event.
    Automatic,
    /// The application replies, if at all.
    Asked,
}

/// When the peer's frames are checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Checks {
    /// Each rule at the first byte that violates it.
    Bytewise,
    /// The first two bytes together, then the length.
    Header,
    /// Control frames, lengths and limits when the header is complete. Reserved bits, opcode and
    /// sequence when the frame is complete.
    WholeFrame,
}

/// The messages to which `max_message` applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageLimit {
    /// All messages.
    Every,
    /// Messages of several frames.
    Fragmented,
}

/// The report of a violation by the peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureReport {
    /// The close frame and the close event contain the code and the error message. After our close
    /// frame, which already contains a reason, the error is not reported.
    Worded,
    /// The close frame contains only the code, and the close event reports 1006. The error is
    /// reported in each phase.
    Coded,
}

/// The close code and reason to report after a closing handshake that our end began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reported {
    /// The peer's.
    Peers,
    /// Ours.
    Ours,
}

/// The frames processed after our close frame, in addition to the peer's close frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhileClosing {
    /// Pings and pongs. Messages are discarded.
    Control,
    /// Messages, pings and pongs. Pings are not answered.
    Messages,
    /// None. All frames are discarded, and a violation ends the connection without a report.
    Nothing,
}

/// The close codes that an application may send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CloseCodes {
    /// The codes of [`CloseCode::to_send`](crate::close::CloseCode::to_send).
    Defined,
    /// All codes. The interface checks them.
    Any,
}
