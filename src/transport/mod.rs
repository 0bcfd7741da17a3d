//! The native transport: sockets of `net`, read and written by descriptor inside Node's event loop.
//!
//! ```text
//!  libuv ──► uv.rs ──► reactor/batch.rs ──► table.rs ──► descriptor.rs ──► kernel
//!                          │                  │
//!                          │                  └──► table/secure.rs ──► crates/tls
//!                          └──► lib/transport/dispatcher.js
//! ```
//!
//! This is where the binding's `unsafe` code is, each piece with its proof.

mod crew;
mod descriptor;
pub mod reactor;
mod table;
pub mod tls;
mod uv;
