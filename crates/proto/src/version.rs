//! The versions of the protocol, with their names and numbers.
//!
//! `handshake/server.rs` detects the version of a request.

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// RFC 6455.
    Hybi13,
    /// draft-ietf-hybi-thewebsocketprotocol-08 to -12: the frames of RFC 6455, with another version
    /// number in the handshake.
    Hybi8,
    /// draft-hixie-thewebsocketprotocol-76.
    Hixie76,
    /// draft-hixie-thewebsocketprotocol-75.
    Hixie75,
}

impl Version {
    /// Returns whether this is hixie-75 or hixie-76.
    #[must_use]
    pub const fn is_draft(self) -> bool {
        match self {
            Self::Hybi13 | Self::Hybi8 => false,
            Self::Hixie76 | Self::Hixie75 => true,
        }
    }

    /// Returns the value of `Sec-WebSocket-Version`, a header that hixie-75 and hixie-76 do not
    /// have.
    #[must_use]
    pub const fn number(self) -> Option<&'static str> {
        match self {
            Self::Hybi13 => Some("13"),
            Self::Hybi8 => Some("8"),
            Self::Hixie76 | Self::Hixie75 => None,
        }
    }

    /// Returns the value of the public property `version`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hybi13 => "hybi-13",
            Self::Hybi8 => "hybi-8",
            Self::Hixie76 => "hixie-76",
            Self::Hixie75 => "hixie-75",
        }
    }
}
