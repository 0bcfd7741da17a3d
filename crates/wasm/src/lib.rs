//! The engine as a WebAssembly module without tools around it: exported functions take numbers and return numbers,
//! and bytes lie in one window, which JavaScript writes, or where `shared.rs` says, for JavaScript to read.
//!
//! What happens for every message has a function of its own (`calls.rs`). Everything else is one function, `call`,
//! with arguments and answer in a compact encoding (`value.rs`, `functions/`). Nothing that JavaScript writes makes it
//! panic: what it cannot read is a mistake like others. A panic of ours ends the instance, because panics abort here;
//! `lib/wasm` then begins another one. Nothing is dropped until JavaScript says so.
//!
//! It compiles natively as well, without exports, for clippy and its tests.

#![cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "natively nothing is exported")
)]

mod calls;
mod functions;
mod randomness;
mod shared;
mod value;
