//! Options of a connection to the core's settings.

use std::cell::RefCell;

use napi::Either;
use napi_derive::napi;
use proto::frame::mask::MaskKeys;
use proto::http::headers::list;
use proto::policy::{Drafts, PeerMasking, Policy};

/// What a connection can be told before it starts.
#[napi(object, object_to_js = false)]
pub struct ConnectionOptions {
    /// The longest message that is received, in bytes. Default 67108863.
    pub max_length: Option<f64>,
    /// Whether our frames are masked. Default: a client's are.
    pub masking: Option<bool>,
    /// Whether a server understands hixie-75 and hixie-76. By default it does, where the request asks for a
    /// WebSocket; with true, every request without headers of RFC 6455 counts as theirs.
    pub allow_drafts: Option<bool>,
    /// Whether a client's frames must be masked. Default true.
    pub require_masking: Option<bool>,
    /// Subprotocols: an array, or a comma-separated list.
    pub protocols: Option<Either<String, Vec<String>>>,
}

impl ConnectionOptions {
    pub(crate) fn server(self) -> Policy {
        let mut policy = Policy::websocket_driver_server();
        policy.drafts = match self.allow_drafts {
            None => Drafts::Understood,
            Some(true) => Drafts::Presumed,
            Some(false) => Drafts::Refused,
        };
        if self.require_masking == Some(false) {
            policy.peer_masking = PeerMasking::Optional;
        }
        if self.masking == Some(true) {
            policy.mask_keys = Some(mask_keys());
        }
        self.apply(policy)
    }

    pub(crate) fn client(self) -> Policy {
        let mut policy = Policy::websocket_driver_client(mask_keys());
        if self.masking == Some(false) {
            policy.mask_keys = None;
        }
        if self.require_masking == Some(true) {
            policy.peer_masking = PeerMasking::Required;
        }
        self.apply(policy)
    }

    fn apply(self, mut policy: Policy) -> Policy {
        if let Some(max_length) = self.max_length {
            policy.max_message = length_limit(max_length);
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
