//! Options of a connection to the core's settings.

use std::cell::RefCell;

use napi::Either;
use napi_derive::napi;
use proto::frame::mask::MaskKeys;
use proto::handshake::Version;
use proto::http::headers::list;
use proto::policy::{self, Drafts, PeerMasking, Policy, Pongs, RequestChecks, TextCheck};

/// The interfaces, each of which has its own policy.
#[napi(string_enum = "kebab-case")]
#[derive(Clone, Copy)]
pub enum Interface {
    /// websocket-driver, and faye-websocket on top of it.
    WebsocketDriver,
    /// The package `websocket`.
    WebsocketNode,
    /// The package `ws`.
    Ws,
}

/// What the peer's data frames become.
#[napi(string_enum = "kebab-case")]
#[derive(Clone, Copy)]
pub enum Delivery {
    /// Messages: strings and Buffers.
    Messages,
    /// Messages, each an array: whether it is text, and a Buffer for each frame that has a payload; one Buffer, if
    /// none has. Text may be cut within a character. A message that came compressed counts as one frame.
    Fragments,
    /// Events of the kind `frame`, control frames among them.
    Frames,
}

/// What a connection can be told before it starts. Where nothing is said, it does what its interface does.
#[napi(object, object_to_js = false)]
pub struct ConnectionOptions {
    /// Whose policy it has. Default: that of websocket-driver.
    pub interface: Option<Interface>,
    /// The longest message that is received, in bytes. With websocket-driver's policy 67108863 by default.
    pub max_length: Option<f64>,
    /// The largest frame that is received, in bytes.
    pub max_frame: Option<f64>,
    /// The most frames that a message may have.
    pub max_fragments: Option<f64>,
    /// Whether our frames are masked. Default: a client's are.
    pub masking: Option<bool>,
    /// Whether a server understands hixie-75 and hixie-76. With websocket-driver's policy it does by default, where
    /// the request asks for a WebSocket; with true, every request without headers of RFC 6455 counts as theirs.
    pub allow_drafts: Option<bool>,
    /// Whether a server holds requests to all that RFC 6455 section 4.2.1 demands. Default true. With false the policy
    /// of `websocket-node` is content with a host, a key and a version; the others are always strict.
    pub strict_handshake: Option<bool>,
    /// Whether the peer's frames must be masked; for a server, false takes both, and so it does for a client with the
    /// policy of `websocket-node`.
    pub require_masking: Option<bool>,
    /// Subprotocols: an array, or a comma-separated list.
    pub protocols: Option<Either<String, Vec<String>>>,
    /// What the peer's data frames become.
    pub delivery: Option<Delivery>,
    /// Whether text is checked to be UTF-8. What is not, and is delivered as a string, has U+FFFD in it.
    pub checks_text: Option<bool>,
    /// Messages of ours that are longer are sent in frames of this many bytes. Infinity for never.
    pub fragment_at: Option<f64>,
    /// Whether pings are answered. Else `pong` has to be called.
    pub answers_pings: Option<bool>,
    /// The version that a client asks for, or that an established connection of either role speaks: 13 or 8. Default 13.
    pub version: Option<u8>,
}

impl ConnectionOptions {
    pub(crate) fn server(self) -> Policy {
        let mut policy = match self.interface() {
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

    pub(crate) fn client(self) -> Policy {
        let mut policy = match self.interface() {
            Interface::WebsocketDriver => Policy::websocket_driver_client(mask_keys()),
            Interface::WebsocketNode => Policy::websocket_node_client(mask_keys()),
            Interface::Ws => Policy::ws_client(mask_keys()),
        };
        let takes_both = matches!(self.interface(), Interface::WebsocketNode);
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

    fn interface(&self) -> Interface {
        self.interface.unwrap_or(Interface::WebsocketDriver)
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
        // The casts saturate: Infinity means "as many as there are".
        if let Some(most) = self.max_fragments {
            policy.max_fragments = Some(most as u32);
        }
        if let Some(length) = self.fragment_at {
            policy.fragment_at = Some(length as usize);
        }
        if let Some(delivery) = self.delivery {
            policy.delivery = match delivery {
                Delivery::Messages => policy::Delivery::Messages,
                Delivery::Fragments => policy::Delivery::Fragments,
                Delivery::Frames => policy::Delivery::Frames,
            };
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
            Some(Either::A(names)) => list(&names),
            Some(Either::B(names)) => names,
            None => Vec::new(),
        };
        policy
    }
}

/// The longest message that is received, in bytes.
pub(crate) fn length_limit(max_length: f64) -> usize {
    // The cast saturates: Infinity means "as much as there is".
    (max_length as usize).min(MAX_STRING_LENGTH)
}

pub(crate) fn mask_keys() -> MaskKeys {
    MaskKeys::new(|key| POOL.with_borrow_mut(|pool| pool.take(key)))
}

/// Unpredictable bytes to come, of all connections of a thread: a system call for each key would cost as
/// much as the frame.
struct Pool {
    bytes: [u8; POOL_SIZE],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_SIZE], used: POOL_SIZE }) };
}

impl Pool {
    fn take(&mut self, key: &mut [u8]) {
        if POOL_SIZE - self.used < key.len() {
            random(&mut self.bytes);
            self.used = 0;
        }
        let taken = &mut self.bytes[self.used..self.used + key.len()];
        key.copy_from_slice(taken);
        self.used += key.len();
    }
}

const POOL_SIZE: usize = 4096;

/// Overwrites `bytes` with unpredictable ones.
pub(crate) fn random(bytes: &mut [u8]) {
    // Without randomness no client can be safe: the panic becomes an exception.
    getrandom::fill(bytes).expect("the operating system has randomness");
}

/// What V8 can hold in one string, on every 64-bit Node since 18. A longer text could be received but
/// not delivered.
const MAX_STRING_LENGTH: usize = (1 << 29) - 24;
