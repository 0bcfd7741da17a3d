//! The policies: the differences between the interfaces, as data.
//!
//! Each interface has its own constructors, error messages and close codes here. Other modules
//! implement the choices and do not name interfaces.

mod choices;
mod closes;

use std::fmt;

pub use choices::{
    Checks, CloseCodes, Delivery, Drafts, FailureReport, MessageLimit, PeerMasking, Pongs,
    Reported, RequestChecks, ResponseFormat, TextCheck, WhileClosing,
};

use crate::close::{CloseCode, PeerClose};
use crate::error::{HandshakeError, ProtocolError, Refusal};
use crate::frame::mask::MaskKeys;
use crate::version::Version;

/// The settings of one connection.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The behaviour that no option of the interface changes.
    pub manner: &'static Manner,
    /// The versions that a server accepts. A client requests the first one.
    pub versions: &'static [Version],
    /// Whether a server accepts hixie-75 and hixie-76.
    pub drafts: Drafts,
    /// The checks of a server's requests.
    pub requests: RequestChecks,
    /// The subprotocols that a server supports, or that a client offers in this order.
    pub subprotocols: Vec<String>,
    /// The masking of the peer's frames.
    pub peer_masking: PeerMasking,
    /// The source of masking keys. `None` sends unmasked frames.
    pub mask_keys: Option<MaskKeys>,
    /// The maximum payload of a received data frame, in bytes, inclusive.
    pub max_frame: usize,
    /// The maximum length of a received message, in bytes, inclusive. Control frames do not count.
    pub max_message: usize,
    /// The maximum number of frames in a received message.
    pub max_fragments: Option<u32>,
    /// The form in which the application receives data frames.
    pub delivery: Delivery,
    /// Whether and when text is validated.
    pub text: TextCheck,
    /// The maximum frame payload of our messages. Longer messages are fragmented at this size.
    pub fragment_at: Option<usize>,
    /// The replies to the peer's pings.
    pub pongs: Pongs,
}

/// The behaviour of an interface that its options do not change.
pub struct Manner {
    /// The order and encoding of a server's response.
    pub response_format: ResponseFormat,
    /// Returns the HTTP response to a refused request.
    pub refusal: fn(&HandshakeError) -> Refusal,
    /// When the core checks frames, which decides which of two violations it reports.
    pub checks: Checks,
    /// Whether `max_message` applies to messages of a single frame.
    pub message_limit: MessageLimit,
    /// Returns the error message of a violation, for the close frame and the event.
    pub message: fn(&ProtocolError) -> String,
    /// Returns the close code of a violation.
    pub close_code: fn(&ProtocolError) -> CloseCode,
    /// The report of a violation.
    pub failure: FailureReport,
    /// Interprets a close payload from the peer.
    pub peer_close: fn(&[u8], TextCheck) -> Result<PeerClose, ProtocolError>,
    /// The close code and reason to report if both ends have sent a close frame, ours first.
    pub reported: Reported,
    /// The frames that the core still processes after our close frame.
    pub while_closing: WhileClosing,
    /// The close codes that an application may send.
    pub close_codes: CloseCodes,
}

/// The policy of websocket-driver's server, which accepts the most peers.
impl Default for Policy {
    fn default() -> Self {
        Self::websocket_driver_server()
    }
}

/// The constructors, one for each interface and role.
impl Policy {
    /// Returns the policy of websocket-driver, and of faye-websocket on top of it, as a server.
    #[must_use]
    pub fn websocket_driver_server() -> Self {
        Self {
            manner: &WEBSOCKET_DRIVER,
            versions: &[Version::Hybi13],
            drafts: Drafts::Understood,
            requests: RequestChecks::Strict,
            subprotocols: Vec::new(),
            peer_masking: PeerMasking::Required,
            mask_keys: None,
            max_frame: usize::MAX,
            max_message: DEFAULT_MAX_MESSAGE,
            max_fragments: None,
            delivery: Delivery::Messages,
            text: TextCheck::Bytewise,
            fragment_at: None,
            pongs: Pongs::Automatic,
        }
    }

    /// Returns the policy of websocket-driver as a client.
    #[must_use]
    pub fn websocket_driver_client(mask_keys: MaskKeys) -> Self {
        Self {
            peer_masking: PeerMasking::Forbidden,
            mask_keys: Some(mask_keys),
            ..Self::websocket_driver_server()
        }
    }

    /// Returns the policy of WebSocket-Node (`websocket`) as a server. The application sends the
    /// pongs, because a listener can cancel them.
    #[must_use]
    pub fn websocket_node_server() -> Self {
        Self {
            manner: &WEBSOCKET_NODE,
            versions: &[Version::Hybi13, Version::Hybi8],
            drafts: Drafts::Refused,
            requests: RequestChecks::LenientThenStrict,
            peer_masking: PeerMasking::Optional,
            max_frame: 64 * 1024,
            max_message: 1024 * 1024,
            text: TextCheck::WholeMessage,
            fragment_at: Some(16 * 1024),
            pongs: Pongs::Asked,
            ..Self::websocket_driver_server()
        }
    }

    /// Returns the policy of WebSocket-Node as a client.
    #[must_use]
    pub fn websocket_node_client(mask_keys: MaskKeys) -> Self {
        Self {
            peer_masking: PeerMasking::Forbidden,
            mask_keys: Some(mask_keys),
            max_frame: 1024 * 1024,
            max_message: 8 * 1024 * 1024,
            ..Self::websocket_node_server()
        }
    }

    /// Returns the policy of ws as a server.
    #[must_use]
    pub fn ws_server() -> Self {
        Self {
            manner: &WS,
            versions: &[Version::Hybi13, Version::Hybi8],
            drafts: Drafts::Refused,
            max_message: 100 * 1024 * 1024,
            max_fragments: Some(16 * 1024),
            text: TextCheck::WholeMessage,
            ..Self::websocket_driver_server()
        }
    }

    /// Returns the policy of ws as a client.
    #[must_use]
    pub fn ws_client(mask_keys: MaskKeys) -> Self {
        Self {
            peer_masking: PeerMasking::Forbidden,
            mask_keys: Some(mask_keys),
            ..Self::ws_server()
        }
    }
}

static WEBSOCKET_DRIVER: Manner = Manner {
    response_format: ResponseFormat::ApplicationFirst,
    refusal: Refusal::of,
    checks: Checks::Bytewise,
    message_limit: MessageLimit::Every,
    message: ProtocolError::to_string,
    close_code: ProtocolError::close_code,
    failure: FailureReport::Worded,
    peer_close: closes::echoed,
    reported: Reported::Peers,
    while_closing: WhileClosing::Control,
    close_codes: CloseCodes::Defined,
};

static WEBSOCKET_NODE: Manner = Manner {
    response_format: ResponseFormat::ApplicationLast,
    refusal: websocket_node_refusal,
    checks: Checks::WholeFrame,
    message_limit: MessageLimit::Fragmented,
    message: websocket_node_message,
    close_code: websocket_node_close_code,
    failure: FailureReport::Worded,
    peer_close: closes::acknowledged,
    reported: Reported::Ours,
    while_closing: WhileClosing::Nothing,
    close_codes: CloseCodes::Any,
};

static WS: Manner = Manner {
    response_format: ResponseFormat::ApplicationFirst,
    refusal: Refusal::of,
    checks: Checks::Header,
    message_limit: MessageLimit::Every,
    message: ws_message,
    close_code: ws_close_code,
    failure: FailureReport::Coded,
    peer_close: closes::judged,
    reported: Reported::Peers,
    while_closing: WhileClosing::Messages,
    close_codes: CloseCodes::Defined,
};

fn websocket_node_refusal(error: &HandshakeError) -> Refusal {
    use HandshakeError as E;
    let (status, message) = match error {
        E::InvalidRequestHeader("Host") => (400, "Client must provide a Host header.".to_owned()),
        E::MissingKey => (
            400,
            "Client must provide a value for Sec-WebSocket-Key.".to_owned(),
        ),
        E::UnsupportedVersion(None) => (
            400,
            "Client must provide a value for Sec-WebSocket-Version.".to_owned(),
        ),
        E::UnsupportedVersion(Some(version)) => (
            426,
            format!(
                "Unsupported websocket client version: {version}Only versions 8 and 13 are supported."
            ),
        ),
        _ => (400, error.to_string()),
    };
    Refusal {
        code: error.code(),
        status,
        message,
    }
}

fn websocket_node_message(error: &ProtocolError) -> String {
    use ProtocolError as E;
    match error {
        E::ReservedBits(_) => {
            "Unsupported usage of rsv bits without negotiated extension.".to_owned()
        }
        E::UnrecognizedOpcode(opcode) => format!("Unrecognized Opcode: 0x{opcode:x}"),
        E::FragmentedControl(_) => "Control frames must not be fragmented.".to_owned(),
        E::ControlTooLong(_) => "Illegal control frame longer than 125 bytes.".to_owned(),
        E::InterruptedMessage(opcode) => {
            format!("Illegal frame opcode 0x{opcode:x} received in middle of fragmented message.")
        }
        E::UnexpectedContinuation => "Unexpected Continuation Frame".to_owned(),
        E::UnmaskedFrame => "Unmasked frame received from client.".to_owned(),
        E::MaskedFrame => "Masked frame received from server.".to_owned(),
        E::LengthOverflow => "Unsupported 64-bit length frame received".to_owned(),
        E::FrameTooLarge { length, .. } => {
            format!("Frame size of {length} bytes exceeds maximum accepted frame size")
        }
        E::TooLarge => "Maximum message size exceeded.".to_owned(),
        E::InvalidUtf8 => "Invalid UTF-8 Data Received".to_owned(),
        _ => error.to_string(),
    }
}

fn websocket_node_close_code(error: &ProtocolError) -> CloseCode {
    match error {
        ProtocolError::UnmaskedFrame => CloseCode::PROTOCOL_ERROR,
        _ => error.close_code(),
    }
}

fn ws_message(error: &ProtocolError) -> String {
    use ProtocolError as E;
    let what = match error {
        E::ReservedBits(rsv) => match rsv.digits() {
            [_, 0, 0] => "RSV1 must be clear".to_owned(),
            _ => "RSV2 and RSV3 must be clear".to_owned(),
        },
        E::UnrecognizedOpcode(opcode) | E::InterruptedMessage(opcode) => {
            format!("invalid opcode {opcode}")
        }
        E::UnexpectedContinuation => "invalid opcode 0".to_owned(),
        E::FragmentedControl(_) => "FIN must be set".to_owned(),
        E::ControlTooLong(length) => format!("invalid payload length {length}"),
        E::CloseTooShort => "invalid payload length 1".to_owned(),
        E::UnmaskedFrame => "MASK must be set".to_owned(),
        E::MaskedFrame => "MASK must be clear".to_owned(),
        E::InvalidUtf8 => "invalid UTF-8 sequence".to_owned(),
        E::InvalidCloseCode(code) => format!("invalid status code {code}"),
        E::LengthOverflow => {
            return "Unsupported WebSocket frame: payload length > 2^53 - 1".to_owned();
        }
        E::TooLarge | E::FrameTooLarge { .. } => return "Max payload size exceeded".to_owned(),
        E::TooManyFragments => return "Too many message fragments".to_owned(),
        _ => return error.to_string(),
    };
    format!("Invalid WebSocket frame: {what}")
}

fn ws_close_code(error: &ProtocolError) -> CloseCode {
    match error {
        ProtocolError::UnmaskedFrame => CloseCode::PROTOCOL_ERROR,
        ProtocolError::LengthOverflow => CloseCode::TOO_LARGE,
        // Data that zlib cannot inflate.
        ProtocolError::Inflate(_) => CloseCode::ENCODING_ERROR,
        _ => error.close_code(),
    }
}

impl fmt::Debug for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manner").finish_non_exhaustive()
    }
}

/// 64 MiB - 1. websocket-driver describes it as "small enough for an average VPS to handle without
/// crashing from process out of memory".
pub const DEFAULT_MAX_MESSAGE: usize = 0x3ff_ffff;
