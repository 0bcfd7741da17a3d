//! The engine as a WebAssembly module without generated glue code. Exported functions take numbers and return
//! numbers. JavaScript writes bytes into one window, and reads bytes at the addresses that `shared.rs` places.
//!
//! Frequent calls have functions of their own (`calls.rs`). All other calls use one function, `call`, with arguments
//! and answer in a compact encoding (`value.rs`, `functions/`). Invalid arguments of JavaScript cause an error, never
//! a panic. A panic of our code ends the instance, because panics abort here; `lib/wasm` then creates another one.
//! Objects exist until JavaScript releases them.
//!
//! It also compiles natively, without exports, for clippy and its tests.

#![cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "natively nothing is exported")
)]

mod calls;
mod functions;
mod randomness;
mod shared;
mod value;
