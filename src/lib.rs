//! The binding: JavaScript values in, engine and protocol core, JavaScript values out.
//!
//! A class stands for an object of the engine, and a method is one sentence: convert, delegate, convert back. It decides
//! nothing and calls no JavaScript: what it causes is returned. Only the transport calls JavaScript, when sockets are
//! ready, and `uncaught.rs`, which holds no borrow. No panic leaves: every entry is wrapped in `catch_unwind`, and what it
//! catches is thrown as an `Error`.

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
pub mod prepared;
pub mod proxy;
pub mod seam;
#[cfg(unix)]
pub mod transport;
pub mod uncaught;

/// Masking keys and nonces are made of what the operating system has.
#[napi_derive::module_init]
fn provide_randomness() {
    engine::randomness::provide(|bytes| {
        // Without randomness no client can be safe: the panic becomes an exception.
        getrandom::fill(bytes).expect("the operating system has randomness");
    });
}
