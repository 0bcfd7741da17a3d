//! The native transport: reads and writes sockets of `net` by descriptor inside Node's event loop.
//!
//! ```text
//!  libuv ──► uv.rs ──► dispatcher.rs ──► reactor.rs ──► table.rs ──► socket.rs ──► descriptor.rs ──► kernel
//!                          │                                             │
//!                          │                                             └──► crates/tls
//!                          └──► lib/transport/dispatcher.js
//! ```
//!
//! Calls of N-API, libuv and the kernel are `unsafe`. They occur only in `dispatcher`, `uv` and `descriptor`, each
//! with its proof. The files between them are safe.

mod crew;
mod descriptor;
pub mod dispatcher;
mod reactor;
mod socket;
mod table;
pub mod tls;
mod uv;
