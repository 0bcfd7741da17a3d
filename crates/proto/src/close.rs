//! Close codes and close frames.
//!
//! Knows which codes may travel (RFC 6455 §7.4) and what a close payload says. Does not know who
//! closes first.

use crate::utf8::is_utf8;

/// A close code that a frame may carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL_CLOSURE: Self = Self(1000);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: the peer sent what we cannot accept.
    pub const UNACCEPTABLE: Self = Self(1003);
    /// 1007: a text was not UTF-8.
    pub const ENCODING_ERROR: Self = Self(1007);
    /// 1010: an extension failed.
    pub const EXTENSION_ERROR: Self = Self(1010);
    /// 1009: a message was above the limit.
    pub const TOO_LARGE: Self = Self(1009);
    /// 1011: we cannot go on, which is not the peer's fault.
    pub const UNEXPECTED_CONDITION: Self = Self(1011);

    /// A code received from a peer; `None` for those that websocket-driver answers with 1002: the ones
    /// a peer must not send (1005, 1006 …) and the ones nobody has defined there.
    #[must_use]
    pub const fn from_wire(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1011 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// A code that a caller wants to send: the above, and 1012 to 1014, which the IANA registry has
    /// defined since.
    #[must_use]
    pub const fn to_send(code: u16) -> Option<Self> {
        match code {
            1012..=1014 => Some(Self(code)),
            _ => Self::from_wire(code),
        }
    }

    /// By the name that websocket-driver's extensions may give an error as its `type`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(Self(match name {
            "normal_closure" => 1000,
            "going_away" => 1001,
            "protocol_error" => 1002,
            "unacceptable" => 1003,
            "encoding_error" => 1007,
            "policy_violation" => 1008,
            "too_large" => 1009,
            "extension_error" => 1010,
            "unexpected_condition" => 1011,
            _ => return None,
        }))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// A close code and a close reason of at most 123 bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CloseFrame {
    code: CloseCode,
    reason: String,
}

impl CloseFrame {
    /// A frame with as much of `reason` as a control frame holds, cut between two characters.
    #[must_use]
    pub fn new(code: CloseCode, reason: &str) -> Self {
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        let reason = reason.get(..end).unwrap_or_default().to_owned();
        Self { code, reason }
    }

    /// What a peer's close payload means, and what websocket-driver answers it with: an empty one
    /// counts as 1000, a malformed one or a code that must not travel as 1002.
    #[must_use]
    pub fn received(payload: &[u8]) -> Self {
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            let empty = payload.is_empty();
            let code = if empty {
                CloseCode::NORMAL_CLOSURE
            } else {
                CloseCode::PROTOCOL_ERROR
            };
            return Self::new(code, "");
        };
        if !is_utf8(reason) {
            return Self::new(CloseCode::PROTOCOL_ERROR, "");
        }
        let code = CloseCode::from_wire(u16::from_be_bytes(*code));
        Self::new(
            code.unwrap_or(CloseCode::PROTOCOL_ERROR),
            &String::from_utf8_lossy(reason),
        )
    }

    /// The bytes of the payload.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        [&self.code.get().to_be_bytes(), self.reason.as_bytes()].concat()
    }

    /// The close code.
    #[must_use]
    pub const fn code(&self) -> CloseCode {
        self.code
    }

    /// The close reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// RFC 6455 §5.5: a control frame holds 125 bytes, and the code takes two of them.
const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_a_close_payload_as_websocket_driver_does() {
        let cases: [(&str, &[u8], u16, &str); 8] = [
            ("empty", b"", 1000, ""),
            ("one byte", b"\x03", 1002, ""),
            ("a code", b"\x03\xE9", 1001, ""),
            ("a code and a reason", b"\x0B\xB9bye", 3001, "bye"),
            ("1005 must not travel", b"\x03\xEDbye", 1002, "bye"),
            ("1012 is nobody's to echo", b"\x03\xF4", 1002, ""),
            ("5000 is outside every range", b"\x13\x88", 1002, ""),
            ("a reason that is not UTF-8", b"\x03\xE8\xFF", 1002, ""),
        ];
        for (name, payload, code, reason) in cases {
            let frame = CloseFrame::received(payload);
            assert_eq!(
                (frame.code().get(), frame.reason()),
                (code, reason),
                "{name}"
            );
        }
    }

    #[test]
    fn cuts_a_long_reason_between_two_characters() {
        let cases = [
            ("fits", "a".repeat(123), 123),
            ("one too many", "a".repeat(124), 123),
            ("two-byte characters", "é".repeat(62), 122),
            ("four-byte characters", "😀".repeat(40), 120),
        ];
        for (name, reason, kept) in cases {
            let frame = CloseFrame::new(CloseCode::NORMAL_CLOSURE, &reason);
            assert_eq!(frame.reason().len(), kept, "{name}");
            assert_eq!(frame.payload().len(), kept + 2, "{name}");
        }
    }

    #[test]
    fn knows_which_codes_may_be_sent() {
        let cases = [
            (999, false),
            (1000, true),
            (1004, false),
            (1005, false),
            (1006, false),
            (1011, true),
        ];
        let more = [
            (1014, true),
            (1015, false),
            (2999, false),
            (3000, true),
            (4999, true),
            (5000, false),
        ];
        for (code, may) in cases.into_iter().chain(more) {
            assert_eq!(CloseCode::to_send(code).is_some(), may, "{code}");
        }
    }
}
