//! Versions of the protocol.
//!
//! Knows their names and numbers. Does not know how a request shows which one it speaks.

/// Which protocol a connection speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// RFC 6455.
    Hybi13,
    /// draft-ietf-hybi-thewebsocketprotocol-08 to -12: the frames of RFC 6455, and another version in the
    /// handshake.
    Hybi8,
    /// draft-hixie-thewebsocketprotocol-76.
    Hixie76,
    /// draft-hixie-thewebsocketprotocol-75.
    Hixie75,
}

impl Version {
    /// Whether it is one of the drafts before RFC 6455.
    #[must_use]
    pub const fn is_draft(self) -> bool {
        match self {
            Self::Hybi13 | Self::Hybi8 => false,
            Self::Hixie76 | Self::Hixie75 => true,
        }
    }

    /// The value of `Sec-WebSocket-Version`; the first drafts have no such header.
    #[must_use]
    pub const fn number(self) -> Option<&'static str> {
        match self {
            Self::Hybi13 => Some("13"),
            Self::Hybi8 => Some("8"),
            Self::Hixie76 | Self::Hixie75 => None,
        }
    }

    /// As in the public `version` property.
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
