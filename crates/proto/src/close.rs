//! Close codes and close frames.
//!
//! Knows which codes may travel (RFC 6455 §7.4) and what a close payload says. Does not know who
//! closes first.

use std::borrow::Cow;

/// A close code that a frame may carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL_CLOSURE: Self = Self(1000);
    /// 1001: an end goes away, such as a page that is left.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: the peer sent what we cannot accept.
    pub const UNACCEPTABLE: Self = Self(1003);
    /// 1007: a text was not UTF-8.
    pub const ENCODING_ERROR: Self = Self(1007);
    /// 1008: the peer breaks a rule of ours.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message was above the limit.
    pub const TOO_LARGE: Self = Self(1009);
    /// 1010: an extension failed.
    pub const EXTENSION_ERROR: Self = Self(1010);
    /// 1011: we cannot go on, which is not the peer's fault.
    pub const UNEXPECTED_CONDITION: Self = Self(1011);

    /// A code received from a peer; `None` for those that a peer must not send (1005, 1006 …), and those that
    /// RFC 6455 does not define.
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

    /// Any code, for interfaces that check it themselves.
    #[must_use]
    pub const fn any(code: u16) -> Self {
        Self(code)
    }

    /// By the name that extensions may give an error as its `type`.
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

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// A close code and a close reason of at most 123 bytes, or nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CloseFrame {
    code: Option<CloseCode>,
    reason: Vec<u8>,
}

/// What a close frame of the peer means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PeerClose {
    /// What answers it.
    pub answer: CloseFrame,
    /// The code that the application is told.
    pub code: Option<u16>,
    /// The reason that the application is told.
    pub reason: Option<String>,
}

impl CloseFrame {
    /// A frame with as much of `reason` as a control frame holds, cut between two characters.
    #[must_use]
    pub fn new(code: CloseCode, reason: &str) -> Self {
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self::echo(code, reason.get(..end).unwrap_or_default().as_bytes())
    }

    /// A frame with the reason of another.
    pub(crate) fn echo(code: CloseCode, reason: &[u8]) -> Self {
        Self {
            code: Some(code),
            reason: reason.to_vec(),
        }
    }

    /// A frame without a payload.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            code: None,
            reason: Vec::new(),
        }
    }

    /// The bytes of the payload.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        match self.code {
            Some(code) => [&code.get().to_be_bytes(), &self.reason[..]].concat(),
            None => Vec::new(),
        }
    }

    /// The close code.
    #[must_use]
    pub const fn code(&self) -> Option<CloseCode> {
        self.code
    }

    /// The close reason.
    #[must_use]
    pub fn reason(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.reason)
    }
}

/// RFC 6455 §5.5: a control frame holds 125 bytes, and the code takes two of them.
const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

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
