//! Opening handshakes, RFC 6455 §4.

pub mod accept;
pub(crate) mod client;
pub mod proxy;
pub(crate) mod server;

use crate::config::Drafts;
use crate::http::request::Request;

/// Which protocol a request speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// RFC 6455.
    Hybi13,
    /// draft-hixie-thewebsocketprotocol-76.
    Hixie76,
    /// draft-hixie-thewebsocketprotocol-75.
    Hixie75,
}

impl Version {
    /// By the headers that only one of them has.
    pub(crate) fn of(request: &Request, drafts: Drafts) -> Self {
        let has = |name| request.header(name).is_some_and(|value| !value.is_empty());
        let may_be_draft = match drafts {
            Drafts::Refused => false,
            Drafts::Understood => request.upgrades_to_websocket(),
            Drafts::Presumed => true,
        };
        if !may_be_draft || has("sec-websocket-version") || has("sec-websocket-key") {
            Self::Hybi13
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
            Self::Hybi13 => false,
            Self::Hixie76 | Self::Hixie75 => true,
        }
    }

    /// As in the public `version` property.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hybi13 => "hybi-13",
            Self::Hixie76 => "hixie-76",
            Self::Hixie75 => "hixie-75",
        }
    }
}

pub use client::ClientRequest;
