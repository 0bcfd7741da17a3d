//! The native transport: sockets of `net`, read and written by descriptor inside Node's event loop.
//!
//! ```text
//!  libuv ──► uv.rs ──► dispatcher.rs ──► reactor.rs ──► table.rs ──► socket.rs ──► descriptor.rs ──► kernel
//!                          │                                             │
//!                          │                                             └──► crates/tls
//!                          └──► lib/transport/dispatcher.js
//! ```
//!
//! Calls of N-API, libuv and the kernel are `unsafe`: they stand in `dispatcher`, `uv` and `descriptor`, each with
//! its proof. What lies between them is safe.

mod crew;
mod descriptor;
pub mod dispatcher;
mod reactor;
mod socket;
mod table;
pub mod tls;
mod uv;
