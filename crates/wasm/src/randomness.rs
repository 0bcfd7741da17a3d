//! Randomness, which JavaScript has.

#[cfg(target_family = "wasm")]
mod import {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        /// Writes unpredictable bytes at this address. Does not return when there are none.
        pub(super) safe fn random(into: *mut u8, length: usize);
    }
}

/// Overwrites `bytes` with unpredictable ones.
#[cfg(target_family = "wasm")]
fn random(bytes: &mut [u8]) {
    import::random(bytes.as_mut_ptr(), bytes.len());
}

/// For the tests of this crate, which run natively.
#[cfg(not(target_family = "wasm"))]
fn random(bytes: &mut [u8]) {
    bytes.fill(0x5a);
}

/// Has the engine take its randomness from JavaScript. Comes before everything else.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn begin() {
    engine::randomness::provide(random);
}
