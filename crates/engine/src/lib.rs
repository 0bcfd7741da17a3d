//! The code that all bindings share: connections by number, options, and commands with their results as plain values.
//!
//! A binding converts values of its language to the arguments of these functions, and their results to values of its
//! language. The engine or the core decides everything else. Knows no JavaScript engine and no socket. A binding
//! [provides](randomness::provide) the source of randomness.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod calls;
pub mod connection;
pub mod deflate;
pub mod event;
pub mod extensions;
pub mod frames;
pub mod handshake;
pub mod http;
pub mod injection;
pub mod mistake;
pub mod numbers;
pub mod options;
pub mod proxy;
pub mod randomness;
pub mod registry;
pub mod run;
pub mod table;
