//! Opening handshakes, RFC 6455 §4.

pub mod accept;
pub(crate) mod client;
pub mod proxy;
pub(crate) mod server;

use crate::http::request::Request;
use crate::policy::{Drafts, Policy};

/// Which protocol a request speaks.
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
    /// By the headers that only one of them has.
    pub(crate) fn of(request: &Request, policy: &Policy) -> Self {
        let has = |name| request.header(name).is_some_and(|value| !value.is_empty());
        let may_be_draft = match policy.drafts {
            Drafts::Refused => false,
            Drafts::Understood => request.upgrades_to_websocket(),
            Drafts::Presumed => true,
        };
        if !may_be_draft || has("sec-websocket-version") || has("sec-websocket-key") {
            let asked = request.header("sec-websocket-version");
            let versions = policy.versions.iter().copied();
            // Another version is refused as one that speaks RFC 6455 refuses it.
            versions
                .into_iter()
                .find(|version| version.number() == asked)
                .unwrap_or(Self::Hybi13)
        } else if has("sec-websocket-key1") || has("sec-websocket-key2") {
            Self::Hixie76
        } else {
            Self::Hixie75
        }
    }

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

pub use client::ClientRequest;
