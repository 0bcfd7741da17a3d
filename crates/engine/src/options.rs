//! Conversion of a connection's options to the core's settings.
//!
//! Knows the interfaces. Does not know their names in JavaScript.

use proto::handshake::Version;
use proto::http::headers::list;
use proto::policy::{self, Drafts, PeerMasking, Policy, Pongs, RequestChecks, TextCheck};

use crate::randomness::mask_keys;

/// The interfaces, each of which has its own policy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Interface {
    /// websocket-driver, and faye-websocket, which uses it.
    #[default]
    WebsocketDriver,
    /// The package `websocket`.
    WebsocketNode,
    /// The package `ws`.
    Ws,
}

/// Subprotocols that a server supports or a client offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Protocols {
    /// Names separated by commas.
    List(String),
    /// A list of names.
    Names(Vec<String>),
}

/// The options of a connection. The defaults are those of its interface. Numbers come from JavaScript, so Infinity
/// means no limit.
#[derive(Clone, Debug, Default)]
pub struct ConnectionOptions {
    /// The interface whose policy applies.
    pub interface: Option<Interface>,
    /// The limit for received messages, in bytes.
    pub max_length: Option<f64>,
    /// The limit for received frames, in bytes.
    pub max_frame: Option<f64>,
    /// The limit for frames of one message.
    pub max_fragments: Option<f64>,
    /// Whether we mask our frames. Default: true for clients.
    pub masking: Option<bool>,
    /// Whether a server accepts hixie-75 and hixie-76. With true, it treats every request without headers of RFC 6455
    /// as a request of a draft.
    pub allow_drafts: Option<bool>,
    /// Whether a server requires everything that RFC 6455 section 4.2.1 demands of a request. Only the policy of
    /// `WebsocketNode` can be more lenient.
    pub strict_handshake: Option<bool>,
    /// Whether the peer's frames must be masked. With false, a server accepts masked and unmasked frames; so does a
    /// client with the policy of `WebsocketNode`.
    pub require_masking: Option<bool>,
    /// Subprotocols.
    pub protocols: Option<Protocols>,
    /// The form in which the peer's data frames are delivered.
    pub delivery: Option<policy::Delivery>,
    /// Whether text must be valid UTF-8.
    pub checks_text: Option<bool>,
    /// The size above which we split messages into frames of this many bytes.
    pub fragment_at: Option<f64>,
    /// Whether the connection answers pings. Otherwise, the caller must call `pong`.
    pub answers_pings: Option<bool>,
    /// The version that a client requests, or that an established connection of either role uses: 13 or 8.
    pub version: Option<u8>,
}

impl ConnectionOptions {
    /// Returns the settings of a server.
    #[must_use]
    pub fn server(self) -> Policy {
        let mut policy = match self.interface.unwrap_or_default() {
            Interface::WebsocketDriver => Policy::websocket_driver_server(),
            Interface::WebsocketNode => Policy::websocket_node_server(),
            Interface::Ws => Policy::ws_server(),
        };
        if let Some(allows) = self.allow_drafts {
            policy.drafts = match allows {
                true => Drafts::Presumed,
                false => Drafts::Refused,
            };
        }
        let is_strict = self.strict_handshake != Some(false);
        if !is_strict && policy.requests == RequestChecks::LenientThenStrict {
            policy.requests = RequestChecks::Lenient;
        }
        if self.require_masking == Some(false) {
            policy.peer_masking = PeerMasking::Optional;
        }
        if self.masking == Some(true) {
            policy.mask_keys = Some(mask_keys());
        }
        self.apply(policy)
    }

    /// Returns the settings of a client.
    #[must_use]
    pub fn client(self) -> Policy {
        let interface = self.interface.unwrap_or_default();
        let mut policy = match interface {
            Interface::WebsocketDriver => Policy::websocket_driver_client(mask_keys()),
            Interface::WebsocketNode => Policy::websocket_node_client(mask_keys()),
            Interface::Ws => Policy::ws_client(mask_keys()),
        };
        let takes_both = interface == Interface::WebsocketNode;
        if takes_both && self.require_masking == Some(false) {
            policy.peer_masking = PeerMasking::Optional;
        }
        if self.masking == Some(false) {
            policy.mask_keys = None;
        }
        if self.version == Some(8) {
            policy.versions = &[Version::Hybi8];
        }
        self.apply(policy)
    }

    /// Returns the version of an established connection.
    pub(crate) fn version(&self) -> Version {
        match self.version {
            Some(8) => Version::Hybi8,
            _ => Version::Hybi13,
        }
    }

    fn apply(self, mut policy: Policy) -> Policy {
        if self.require_masking == Some(true) {
            policy.peer_masking = PeerMasking::Required;
        }
        if let Some(max_length) = self.max_length {
            policy.max_message = length_limit(max_length);
        }
        if let Some(max_frame) = self.max_frame {
            policy.max_frame = length_limit(max_frame);
        }
        // The casts saturate: Infinity means no limit.
        if let Some(most) = self.max_fragments {
            policy.max_fragments = Some(most as u32);
        }
        if let Some(length) = self.fragment_at {
            policy.fragment_at = Some(length as usize);
        }
        if let Some(delivery) = self.delivery {
            policy.delivery = delivery;
        }
        if self.checks_text == Some(false) {
            policy.text = TextCheck::Never;
        }
        if let Some(answers) = self.answers_pings {
            policy.pongs = match answers {
                true => Pongs::Automatic,
                false => Pongs::Asked,
            };
        }
        policy.subprotocols = match self.protocols {
            Some(Protocols::List(names)) => list(&names),
            Some(Protocols::Names(names)) => names,
            None => Vec::new(),
        };
        policy
    }
}

/// Converts a limit for received messages, in bytes.
#[must_use]
pub fn length_limit(max_length: f64) -> usize {
    // The cast saturates: Infinity means the longest string.
    (max_length as usize).min(MAX_STRING_LENGTH)
}

/// The longest string of V8, on every 64-bit Node since 18. A longer text could be received but not delivered.
pub const MAX_STRING_LENGTH: usize = (1 << 29) - 24;
