//! The binding: JavaScript values in, protocol core, JavaScript values out.
//!
//! A class stands for an object of the core, and a method is one sentence: convert, delegate, convert back. No
//! protocol decision is made here. A method calls no JavaScript: what it causes is returned. Only the transport does,
//! when sockets are ready, and `uncaught.rs`, which holds no borrow. No panic leaves: every entry is wrapped in `catch_unwind`, and what
//! it catches is thrown as an `Error`.

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
mod registry;
mod run;
pub mod seam;
#[cfg(unix)]
pub mod transport;
pub mod uncaught;
