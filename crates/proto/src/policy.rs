//! What one interface does differently from another, as data.
//!
//! Knows the names of the interfaces, and the choices of each. Does not know how a choice is carried out.

mod choices;

use std::fmt;

pub use choices::{
    Checks, CloseCodes, Delivery, Drafts, FailureReport, MessageLimit, PeerMasking, Pongs,
    Reported, TextCheck, WhileClosing,
};

use crate::close::{CloseCode, CloseFrame, PeerClose};
use crate::error::ProtocolError;
use crate::frame::mask::MaskKeys;
use crate::utf8::is_utf8;
use crate::version::Version;

/// The settings of one connection.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What no option of the interface changes.
    pub manner: &'static Manner,
    /// Versions of the protocol that a server accepts. A client asks for the first.
    pub versions: &'static [Version],
    /// Whether a server understands hixie-75 and hixie-76.
    pub drafts: Drafts,
    /// Supported by a server, or offered by a client in this order.
    pub subprotocols: Vec<String>,
    /// What is required of the peer's frames.
    pub peer_masking: PeerMasking,
    /// Where masking keys come from; `None` sends frames unmasked.
    pub mask_keys: Option<MaskKeys>,
    /// The largest payload of a data frame that is received, in bytes, inclusive.
    pub max_frame: usize,
    /// The longest message that is received, in bytes, inclusive. Control frames do not count.
    pub max_message: usize,
    /// The most frames that a message may have.
    pub max_fragments: Option<u32>,
    /// What the peer's data frames become.
    pub delivery: Delivery,
    /// Whether text is checked to be UTF-8, and when.
    pub text: TextCheck,
    /// Messages of ours that are longer are sent in frames of this many bytes.
    pub fragment_at: Option<usize>,
    /// What answers the peer's pings.
    pub pongs: Pongs,
}

/// What an interface does whatever its options are.
pub struct Manner {
    /// When a violation is noticed, and which of two is reported.
    pub checks: Checks,
    /// Whether `max_message` limits messages of a single frame.
    pub message_limit: MessageLimit,
    /// What a violation is called, in the close frame and in the event.
    pub words: fn(&ProtocolError) -> String,
    /// The close code that a violation fails the connection with.
    pub close_code: fn(&ProtocolError) -> CloseCode,
    /// What is said of a violation.
    pub failure: FailureReport,
    /// What a close payload of the peer means.
    pub peer_close: fn(&[u8], TextCheck) -> Result<PeerClose, ProtocolError>,
    /// Which end is reported when both have sent a close frame, and ours was first.
    pub reported: Reported,
    /// What is received after our close frame.
    pub while_closing: WhileClosing,
    /// The close codes that the application may send.
    pub close_codes: CloseCodes,
}

/// A server that asks nothing special of its peers: websocket-driver's.
impl Default for Policy {
    fn default() -> Self {
        Self::websocket_driver_server()
    }
}

/// The constructors, one for each interface and role.
impl Policy {
    /// websocket-driver, and faye-websocket on top of it, as a server.
    #[must_use]
    pub fn websocket_driver_server() -> Self {
        Self {
            manner: &WEBSOCKET_DRIVER,
            versions: &[Version::Hybi13],
            drafts: Drafts::Understood,
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

    /// websocket-driver as a client.
    #[must_use]
    pub fn websocket_driver_client(mask_keys: MaskKeys) -> Self {
        Self {
            peer_masking: PeerMasking::Forbidden,
            mask_keys: Some(mask_keys),
            ..Self::websocket_driver_server()
        }
    }

    /// WebSocket-Node (`websocket`) as a server. Pongs are asked for, because a listener may cancel them.
    #[must_use]
    pub fn websocket_node_server() -> Self {
        Self {
            manner: &WEBSOCKET_NODE,
            versions: &[Version::Hybi13, Version::Hybi8],
            drafts: Drafts::Refused,
            peer_masking: PeerMasking::Optional,
            max_frame: 64 * 1024,
            max_message: 1024 * 1024,
            text: TextCheck::WholeMessage,
            fragment_at: Some(16 * 1024),
            pongs: Pongs::Asked,
            ..Self::websocket_driver_server()
        }
    }

    /// WebSocket-Node as a client.
    #[must_use]
    pub fn websocket_node_client(mask_keys: MaskKeys) -> Self {
        Self {
            mask_keys: Some(mask_keys),
            max_frame: 1024 * 1024,
            max_message: 8 * 1024 * 1024,
            ..Self::websocket_node_server()
        }
    }

    /// ws as a server.
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

    /// ws as a client.
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
    checks: Checks::Bytewise,
    message_limit: MessageLimit::Every,
    words: ProtocolError::to_string,
    close_code: ProtocolError::close_code,
    failure: FailureReport::Worded,
    peer_close: echoed,
    reported: Reported::Peers,
    while_closing: WhileClosing::Control,
    close_codes: CloseCodes::Defined,
};

static WEBSOCKET_NODE: Manner = Manner {
    checks: Checks::WholeFrame,
    message_limit: MessageLimit::Fragmented,
    words: websocket_node_words,
    close_code: ProtocolError::close_code,
    failure: FailureReport::Worded,
    peer_close: acknowledged,
    reported: Reported::Ours,
    while_closing: WhileClosing::Nothing,
    close_codes: CloseCodes::Any,
};

static WS: Manner = Manner {
    checks: Checks::Header,
    message_limit: MessageLimit::Every,
    words: ws_words,
    close_code: ws_close_code,
    failure: FailureReport::Coded,
    peer_close: judged,
    reported: Reported::Peers,
    while_closing: WhileClosing::Messages,
    close_codes: CloseCodes::Defined,
};

/// websocket-driver: what is answered is reported as well. Nothing counts as 1000; a malformed payload, or a
/// code that must not travel, as 1002.
fn echoed(payload: &[u8], _: TextCheck) -> Result<PeerClose, ProtocolError> {
    let answer = match payload.split_first_chunk::<2>() {
        None if payload.is_empty() => CloseFrame::new(CloseCode::NORMAL_CLOSURE, ""),
        Some((code, reason)) if is_utf8(reason) => {
            let code = CloseCode::from_wire(u16::from_be_bytes(*code));
            let code = code.unwrap_or(CloseCode::PROTOCOL_ERROR);
            CloseFrame::new(code, &String::from_utf8_lossy(reason))
        }
        _ => CloseFrame::new(CloseCode::PROTOCOL_ERROR, ""),
    };
    Ok(PeerClose {
        code: answer.code().map(CloseCode::get),
        reason: Some(answer.reason().into_owned()),
        answer,
    })
}

/// WebSocket-Node: the answer is 1000 or 1002, without a reason. The code is reported as it came; what was not
/// sent is not reported, and a reason of one byte is none.
fn acknowledged(payload: &[u8], _: TextCheck) -> Result<PeerClose, ProtocolError> {
    let (code, reason) = match payload.split_first_chunk::<2>() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None if payload.is_empty() => (None, payload),
        None => (Some(NOT_RECEIVED), &[][..]),
    };
    if reason.len() > 1 && !is_utf8(reason) {
        return Err(ProtocolError::InvalidUtf8);
    }
    let is_good = code.is_none_or(|code| code == 1015 || CloseCode::to_send(code).is_some());
    let answer = match is_good {
        true => CloseCode::NORMAL_CLOSURE,
        false => CloseCode::PROTOCOL_ERROR,
    };
    Ok(PeerClose {
        answer: CloseFrame::new(answer, ""),
        code,
        reason: (reason.len() > 1).then(|| String::from_utf8_lossy(reason).into_owned()),
    })
}

/// ws: the answer is an echo. Nothing is reported as 1005, and what must not travel is a violation.
fn judged(payload: &[u8], text: TextCheck) -> Result<PeerClose, ProtocolError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return Ok(PeerClose {
            answer: CloseFrame::empty(),
            code: Some(NOT_RECEIVED),
            reason: Some(String::new()),
        });
    };
    let number = u16::from_be_bytes(*code);
    let code = CloseCode::to_send(number).ok_or(ProtocolError::InvalidCloseCode(number))?;
    if text != TextCheck::Never && !is_utf8(reason) {
        return Err(ProtocolError::InvalidUtf8);
    }
    Ok(PeerClose {
        answer: CloseFrame::echo(code, reason),
        code: Some(number),
        reason: Some(String::from_utf8_lossy(reason).into_owned()),
    })
}

fn websocket_node_words(error: &ProtocolError) -> String {
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
        E::LengthOverflow => "Unsupported 64-bit length frame received".to_owned(),
        E::FrameTooLarge { length, .. } => {
            format!("Frame size of {length} bytes exceeds maximum accepted frame size")
        }
        E::TooLarge => "Maximum message size exceeded.".to_owned(),
        E::InvalidUtf8 => "Invalid UTF-8 Data Received".to_owned(),
        _ => error.to_string(),
    }
}

fn ws_words(error: &ProtocolError) -> String {
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
        // What zlib does not read.
        ProtocolError::Inflate(_) => CloseCode::ENCODING_ERROR,
        _ => error.close_code(),
    }
}

impl fmt::Debug for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manner").finish_non_exhaustive()
    }
}

/// RFC 6455 §7.1.5: no code was received.
const NOT_RECEIVED: u16 = 1005;

/// 64 MiB - 1: "small enough for an average VPS to handle without crashing from process out of
/// memory", as websocket-driver puts it.
pub const DEFAULT_MAX_MESSAGE: usize = 0x3ff_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    type Case = (
        &'static str,
        &'static [u8],
        Result<(&'static [u8], Option<u16>, Option<&'static str>), ProtocolError>,
    );

    fn check(policy: &Policy, cases: &[Case]) {
        for (name, payload, expected) in cases {
            let found = (policy.manner.peer_close)(payload, policy.text);
            let found = found.map(|close| (close.answer.payload(), close.code, close.reason));
            let expected = expected
                .as_ref()
                .map(|(answer, code, reason)| (answer.to_vec(), *code, reason.map(str::to_owned)));
            assert_eq!(
                found.as_ref().map_err(|error| *error),
                expected.as_ref().map_err(|error| **error),
                "{name}"
            );
        }
    }

    #[test]
    fn websocket_driver_reports_what_it_answers() {
        check(
            &Policy::websocket_driver_server(),
            &[
                ("empty", b"", Ok((b"\x03\xE8", Some(1000), Some("")))),
                ("one byte", b"\x03", Ok((b"\x03\xEA", Some(1002), Some("")))),
                (
                    "a code",
                    b"\x03\xE9",
                    Ok((b"\x03\xE9", Some(1001), Some(""))),
                ),
                (
                    "a code and a reason",
                    b"\x0B\xB9bye",
                    Ok((b"\x0B\xB9bye", Some(3001), Some("bye"))),
                ),
                (
                    "1005 must not travel",
                    b"\x03\xEDbye",
                    Ok((b"\x03\xEAbye", Some(1002), Some("bye"))),
                ),
                (
                    "1012 is not echoed",
                    b"\x03\xF4",
                    Ok((b"\x03\xEA", Some(1002), Some(""))),
                ),
                (
                    "5000 is outside every range",
                    b"\x13\x88",
                    Ok((b"\x03\xEA", Some(1002), Some(""))),
                ),
                (
                    "a reason that is not UTF-8",
                    b"\x03\xE8\xFF",
                    Ok((b"\x03\xEA", Some(1002), Some(""))),
                ),
            ],
        );
    }

    #[test]
    fn websocket_node_answers_1000_and_reports_what_came() {
        check(
            &Policy::websocket_node_server(),
            &[
                ("empty", b"", Ok((b"\x03\xE8", None, None))),
                ("one byte", b"\x03", Ok((b"\x03\xEA", Some(1005), None))),
                ("a code", b"\x03\xE9", Ok((b"\x03\xE8", Some(1001), None))),
                (
                    "a code and a reason",
                    b"\x0B\xB9bye",
                    Ok((b"\x03\xE8", Some(3001), Some("bye"))),
                ),
                (
                    "a reason of one byte",
                    b"\x0B\xB9b",
                    Ok((b"\x03\xE8", Some(3001), None)),
                ),
                (
                    "of one byte that is not UTF-8",
                    b"\x0B\xB9\xFF",
                    Ok((b"\x03\xE8", Some(3001), None)),
                ),
                (
                    "1005 must not travel",
                    b"\x03\xEDbye",
                    Ok((b"\x03\xEA", Some(1005), Some("bye"))),
                ),
                ("1015 may", b"\x03\xF7", Ok((b"\x03\xE8", Some(1015), None))),
                ("5000", b"\x13\x88", Ok((b"\x03\xEA", Some(5000), None))),
                (
                    "a reason that is not UTF-8",
                    b"\x03\xE8\xFF\xFF",
                    Err(ProtocolError::InvalidUtf8),
                ),
            ],
        );
    }

    #[test]
    fn ws_echoes_and_refuses_codes_that_must_not_travel() {
        check(
            &Policy::ws_server(),
            &[
                ("empty", b"", Ok((b"", Some(1005), Some("")))),
                (
                    "a code",
                    b"\x03\xE9",
                    Ok((b"\x03\xE9", Some(1001), Some(""))),
                ),
                (
                    "a code and a reason",
                    b"\x0B\xB9bye",
                    Ok((b"\x0B\xB9bye", Some(3001), Some("bye"))),
                ),
                ("1012", b"\x03\xF4", Ok((b"\x03\xF4", Some(1012), Some("")))),
                (
                    "1005",
                    b"\x03\xEDbye",
                    Err(ProtocolError::InvalidCloseCode(1005)),
                ),
                (
                    "5000",
                    b"\x13\x88",
                    Err(ProtocolError::InvalidCloseCode(5000)),
                ),
                (
                    "a reason that is not UTF-8",
                    b"\x03\xE8\xFF",
                    Err(ProtocolError::InvalidUtf8),
                ),
            ],
        );
        let unchecked = Policy {
            text: TextCheck::Never,
            ..Policy::ws_server()
        };
        check(
            &unchecked,
            &[(
                "unless it is told not to look",
                b"\x03\xE8\xFF",
                Ok((b"\x03\xE8\xFF", Some(1000), Some("\u{FFFD}"))),
            )],
        );
    }
}
