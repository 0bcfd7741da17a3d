//! The choices that a policy is made of.
//!
//! Knows what can be chosen. Does not know which interface chooses what.

/// Which frames of the peer must be masked, RFC 6455 §5.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeerMasking {
    /// Clients mask: unmasked frames fail the connection.
    Required,
    /// Servers do not: masked frames fail the connection.
    Forbidden,
    /// Either is understood.
    Optional,
}

/// Which requests a server takes for those of hixie-75 and hixie-76.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drafts {
    /// None: every request is held to RFC 6455.
    Refused,
    /// Those that ask for a WebSocket. A request for something else is refused as RFC 6455 has it, with a
    /// close code.
    Understood,
    /// All that have no header of RFC 6455: the refusal of a request for something else has no close code.
    Presumed,
}

/// What a server holds a request of RFC 6455 to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestChecks {
    /// All that §4.2.1 demands, and the grammar of its extensions.
    Strict,
    /// [`Lenient`](Self::Lenient) first, which decides what is said of a request with several mistakes; then
    /// [`Strict`](Self::Strict), and the grammar of its subprotocols.
    LenientThenStrict,
    /// That it has a host, a key and a version, in this order. The version is what JavaScript's `parseInt` makes of it.
    /// Extensions outside the grammar are as good as none.
    Lenient,
}

/// How the head of a server's answer is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnswerHead {
    /// The application's headers come first, so that they win. UTF-8.
    ApplicationFirst,
    /// The application's headers come last, and none replaces one of ours. Latin-1, as Node reads heads; a question mark
    /// stands for what that does not have.
    ApplicationLast,
}

/// What the peer's data frames become.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// Messages.
    Messages,
    /// Messages, and where they were [cut](crate::output::Message::cuts).
    Fragments,
    /// [Frames](crate::output::Output::Frame), control frames among them. They are checked as
    /// [whole frames](Checks::WholeFrame), but for their sequence and their text.
    Frames,
}

/// When text is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextCheck {
    /// The first byte that cannot be UTF-8 fails the connection.
    Bytewise,
    /// When the message is complete.
    WholeMessage,
    /// Text may be anything, and so may close reasons.
    Never,
}

/// What answers the peer's pings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pongs {
    /// A pong, which is in the outbox before the ping is told.
    Automatic,
    /// The application, if it likes.
    Asked,
}

/// When the peer's frames are checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Checks {
    /// Each rule at the first byte that shows a violation.
    Bytewise,
    /// The first two bytes together, then the length.
    Header,
    /// Control frames, lengths and limits when the header is there; reserved bits, opcode and sequence when the
    /// frame is.
    WholeFrame,
}

/// Which messages are held to `max_message`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageLimit {
    /// All.
    Every,
    /// Those of several frames.
    Fragmented,
}

/// What is said when the peer broke the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureReport {
    /// Close frame and end have a code and the words. After our close frame nothing is said: it has said why we
    /// close.
    Worded,
    /// The close frame has the code alone, and the end is 1006. The error is told in any phase.
    Coded,
}

/// Which close code and reason the end of a closing handshake has that we began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reported {
    /// The peer's.
    Peers,
    /// Ours.
    Ours,
}

/// What is received after our close frame, besides the peer's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhileClosing {
    /// Pings and pongs. Messages are dropped.
    Control,
    /// Messages too; pings are not answered.
    Messages,
    /// Nothing: frames are dropped, and a violation just ends the connection.
    Nothing,
}

/// Which close codes the application may send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CloseCodes {
    /// Those of [`CloseCode::to_send`](crate::close::CloseCode::to_send).
    Defined,
    /// All: the interface checks them.
    Any,
}
