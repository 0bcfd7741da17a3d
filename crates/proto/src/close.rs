//! Close codes and close frames, RFC 6455 §7.4.
//!
//! `policy/closes.rs` interprets the close frames of the peer. `hybi/closing.rs` runs the closing
//! handshake.

use std::borrow::Cow;

/// A close code that a frame may carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the connection has fulfilled its purpose.
    pub const NORMAL_CLOSURE: Self = Self(1000);
    /// 1001: an endpoint goes away, such as a page that the user leaves.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer violated the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: the peer sent data of a kind that we cannot accept.
    pub const UNACCEPTABLE: Self = Self(1003);
    /// 1007: a text is not UTF-8.
    pub const ENCODING_ERROR: Self = Self(1007);
    /// 1008: the peer violated a policy of this endpoint.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message exceeds the limit.
    pub const TOO_LARGE: Self = Self(1009);
    /// 1010: an extension failed.
    pub const EXTENSION_ERROR: Self = Self(1010);
    /// 1011: our end cannot continue, through no fault of the peer.
    pub const UNEXPECTED_CONDITION: Self = Self(1011);

    /// Returns a code received from a peer. Returns `None` for codes that must not travel (1005,
    /// 1006 …) and for codes that RFC 6455 does not define.
    #[must_use]
    pub const fn from_wire(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1011 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// Returns a code that a caller may send: the codes of [`from_wire`](Self::from_wire), and 1012
    /// to 1014, which the IANA registry defines.
    #[must_use]
    pub const fn to_send(code: u16) -> Option<Self> {
        match code {
            1012..=1014 => Some(Self(code)),
            _ => Self::from_wire(code),
        }
    }

    /// Returns any code, for interfaces that check codes themselves.
    #[must_use]
    pub const fn any(code: u16) -> Self {
        Self(code)
    }

    /// Returns the code for a name that an extension uses as the `type` of its error.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "normal_closure" => Self::NORMAL_CLOSURE,
            "going_away" => Self::GOING_AWAY,
            "protocol_error" => Self::PROTOCOL_ERROR,
            "unacceptable" => Self::UNACCEPTABLE,
            "encoding_error" => Self::ENCODING_ERROR,
            "policy_violation" => Self::POLICY_VIOLATION,
            "too_large" => Self::TOO_LARGE,
            "extension_error" => Self::EXTENSION_ERROR,
            "unexpected_condition" => Self::UNEXPECTED_CONDITION,
            _ => return None,
        })
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// The payload of a close frame: a close code and a close reason of at most 123 bytes, or nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CloseFrame {
    code: Option<CloseCode>,
    reason: Vec<u8>,
}

/// The interpretation of a peer's close frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PeerClose {
    /// Our answer.
    pub answer: CloseFrame,
    /// The code reported to the application.
    pub code: Option<u16>,
    /// The reason reported to the application.
    pub reason: Option<String>,
}

impl CloseFrame {
    /// Creates a payload. Truncates `reason` at a character boundary to the size of a control
    /// frame.
    #[must_use]
    pub fn new(code: CloseCode, reason: &str) -> Self {
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self::echo(code, reason.get(..end).unwrap_or_default().as_bytes())
    }

    /// Creates a payload with the reason of another frame.
    pub(crate) fn echo(code: CloseCode, reason: &[u8]) -> Self {
        Self {
            code: Some(code),
            reason: reason.to_vec(),
        }
    }

    /// Creates an empty payload.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            code: None,
            reason: Vec::new(),
        }
    }

    /// Returns the bytes of the payload.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        match self.code {
            Some(code) => [&code.get().to_be_bytes(), &self.reason[..]].concat(),
            None => Vec::new(),
        }
    }

    /// Returns the close code.
    #[must_use]
    pub const fn code(&self) -> Option<CloseCode> {
        self.code
    }

    /// Returns the close reason.
    #[must_use]
    pub fn reason(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.reason)
    }
}

/// RFC 6455 §5.5: a control frame holds 125 bytes, two of them for the code.
const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_truncated_between_two_characters() {
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
    fn only_defined_and_private_codes_may_be_sent() {
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
