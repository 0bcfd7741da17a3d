//! The binding: converts JavaScript values for the engine and the core, and their results for JavaScript.
//!
//! A class stands for an object of the engine. A method converts, delegates and converts back: it decides nothing and
//! calls no JavaScript, and returns its effects. Two exceptions call JavaScript: the transport, when sockets are
//! ready, and `uncaught.rs`, which borrows nothing. No panic crosses the boundary: every entry has `catch_unwind`,
//! and throws a caught panic as an `Error`.

pub mod calls;
pub mod connection;
pub mod convert;
pub mod deflate;
pub mod established;
pub mod extensions;
pub mod frames;
pub mod handshake;
pub mod http;
mod injection;
pub mod policy;
pub mod prepared;
pub mod proxy;
pub mod seam;
#[cfg(unix)]
pub mod transport;
pub mod uncaught;

/// Provides the operating system's randomness for masking keys and nonces.
#[napi_derive::module_init]
fn provide_randomness() {
    engine::randomness::provide(|bytes| {
        // Without randomness no client is safe: the panic becomes an exception.
        getrandom::fill(bytes).expect("the operating system has randomness");
    });
}
