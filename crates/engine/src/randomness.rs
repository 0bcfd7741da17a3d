//! Unpredictable bytes: nonces and masking keys.
//!
//! Knows how many to fetch at a time. Does not know where they come from: a binding says that once.

use std::cell::RefCell;
use std::sync::OnceLock;

use proto::frame::mask::{MaskKeys, MaskingKey};
use proto::handshake::accept::Nonce;

/// Overwrites a buffer with unpredictable bytes.
pub type Source = fn(&mut [u8]);

static SOURCE: OnceLock<Source> = OnceLock::new();

/// Says where unpredictable bytes come from, before the first client is made. The first source stays.
pub fn provide(source: Source) {
    let _ = SOURCE.set(source);
}

/// 16 bytes that a server must prove to have read.
pub(crate) fn nonce() -> Nonce {
    let mut nonce = Nonce::default();
    fill(&mut nonce);
    nonce
}

/// A key for one frame.
pub(crate) fn masking_key() -> MaskingKey {
    let mut key = MaskingKey::default();
    fill(&mut key);
    key
}

/// Keys for all frames of a connection.
pub(crate) fn mask_keys() -> MaskKeys {
    MaskKeys::new(|key| POOL.with_borrow_mut(|pool| pool.take(key)))
}

fn fill(bytes: &mut [u8]) {
    // Without randomness no client can be safe.
    let source = SOURCE.get().expect("the binding has provided randomness");
    source(bytes);
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
            fill(&mut self.bytes);
            self.used = 0;
        }
        let taken = &mut self.bytes[self.used..self.used + key.len()];
        key.copy_from_slice(taken);
        self.used += key.len();
    }
}

const POOL_SIZE: usize = 4096;
