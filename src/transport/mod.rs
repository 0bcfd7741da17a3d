//! The native transport: sockets of `net`, read and written by descriptor inside Node's event loop.
//!
//! ```text
//!  libuv ──► uv.rs ──► dispatcher.rs ──► reactor.rs ──► table.rs ──► socket.rs ──► descriptor.rs ──► kernel
//!                          │                                             │
//!                          │                                             └──► crates/tls
//!                          └──► lib/transport/dispatcher.js
//! ```
//!
//! This is where the binding's `unsafe` code is, each piece with its proof.

mod crew;
mod descriptor;
pub mod dispatcher;
mod reactor;
mod socket;
mod table;
pub mod tls;
mod uv;
