//! The binding: JavaScript values in, protocol core, JavaScript values out.
//!
//! Each class owns one object of the core and each method is one sentence: convert, delegate, convert
//! back. No protocol decision is made here, no JavaScript is called from here, and no panic leaves:
//! every entry is wrapped in `catch_unwind`, and what it catches is thrown as an `Error`.

pub mod calls;
pub mod connection;
pub mod convert;
pub mod deflate;
pub mod established;
pub mod extensions;
mod fault;
pub mod frames;
pub mod http;
pub mod prepared;
pub mod proxy;
mod registry;
mod run;
pub mod seam;
#[cfg(unix)]
pub mod transport;
pub mod uncaught;
