//! What stands between the protocol and a binding: connections by number, options, commands and their results as plain
//! values.
//!
//! A binding converts: values of its language to the arguments of these functions, and what they return to values of
//! its language. Everything else is decided here or in the core. Knows no JavaScript engine, no socket and no source
//! of randomness: a binding [provides](randomness::provide) that.

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
