//! Randomness from JavaScript.

#[cfg(target_family = "wasm")]
mod import {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        /// Writes unpredictable bytes at this address. Throws in JavaScript, and does not return, if the runtime has no
        /// randomness.
        pub(super) safe fn random(into: *mut u8, length: usize);
    }
}

/// Overwrites `bytes` with unpredictable ones.
#[cfg(target_family = "wasm")]
fn random(bytes: &mut [u8]) {
    import::random(bytes.as_mut_ptr(), bytes.len());
}

/// Replaces randomness in the tests of this crate, which run natively.
#[cfg(not(target_family = "wasm"))]
fn random(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

/// Makes the engine take its randomness from JavaScript. Must be the first call.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn begin() {
    engine::randomness::provide(random);
}
