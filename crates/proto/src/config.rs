//! What the application decides before a connection starts.

use crate::frame::mask::MaskKeys;

/// Which frames of the peer must be masked, RFC 6455 §5.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeerMasking {
    /// Clients mask: unmasked frames fail the connection with 1003, as in websocket-driver.
    Required,
    /// Servers do not: masked frames fail the connection with 1002.
    Forbidden,
    /// Either is understood.
    Optional,
}

/// Which requests a server takes for those of hixie-75 and hixie-76.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drafts {
    /// None: every request is held to RFC 6455.
    Refused,
    /// Those that ask for a WebSocket. A request for something else is refused as RFC 6455 has it, with a
    /// close code.
    Understood,
    /// All that have no header of RFC 6455, as websocket-driver does when it is told to allow drafts: the
    /// refusal of a request for something else has no close code.
    Presumed,
}

/// The settings of one connection.
#[derive(Debug)]
pub struct Config {
    /// The longest message that is received, in bytes, inclusive. Control frames do not count.
    pub max_length: usize,
    /// What is required of the peer's frames.
    pub peer_masking: PeerMasking,
    /// Where masking keys come from; `None` sends frames unmasked.
    pub mask_keys: Option<MaskKeys>,
    /// Whether a server understands hixie-75 and hixie-76.
    pub drafts: Drafts,
    /// Supported by a server, or offered by a client in this order.
    pub subprotocols: Vec<String>,
}

impl Config {
    /// What websocket-driver does as a server.
    #[must_use]
    pub fn server() -> Self {
        Self {
            max_length: DEFAULT_MAX_LENGTH,
            peer_masking: PeerMasking::Required,
            mask_keys: None,
            drafts: Drafts::Understood,
            subprotocols: Vec::new(),
        }
    }

    /// What websocket-driver does as a client.
    #[must_use]
    pub fn client(mask_keys: MaskKeys) -> Self {
        Self {
            peer_masking: PeerMasking::Forbidden,
            mask_keys: Some(mask_keys),
            ..Self::server()
        }
    }
}

/// 64 MiB - 1: "small enough for an average VPS to handle without crashing from process out of
/// memory", as websocket-driver puts it.
pub const DEFAULT_MAX_LENGTH: usize = 0x3ff_ffff;
