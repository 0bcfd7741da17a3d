//! Unpredictable bytes: nonces and masking keys.
//!
//! Knows the number of bytes to fetch at a time. Does not know their source, which a binding provides once.

use std::cell::RefCell;
use std::sync::OnceLock;

use proto::frame::mask::{MaskKeys, MaskingKey};
use proto::handshake::accept::Nonce;

/// A function that overwrites a buffer with unpredictable bytes.
pub type Source = fn(&mut [u8]);

static SOURCE: OnceLock<Source> = OnceLock::new();

/// Sets the source of unpredictable bytes, before the first client is created. A second call has no effect.
pub fn provide(source: Source) {
    let _ = SOURCE.set(source);
}

/// Returns the 16 bytes of a client's key.
pub(crate) fn nonce() -> Nonce {
    let mut nonce = Nonce::default();
    fill(&mut nonce);
    nonce
}

/// Returns a key for one frame.
pub(crate) fn masking_key() -> MaskingKey {
    let mut key = MaskingKey::default();
    fill(&mut key);
    key
}

/// Returns the source of keys for all frames of a connection.
pub(crate) fn mask_keys() -> MaskKeys {
    MaskKeys::new(|key| POOL.with_borrow_mut(|pool| pool.take(key)))
}

fn fill(bytes: &mut [u8]) {
    // Without randomness no client is safe.
    let source = SOURCE.get().expect("the binding has provided randomness");
    source(bytes);
}

/// Unpredictable bytes for all connections of a thread. A system call per key would cost as much as the frame.
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
