//! Tools for the tests and fuzz targets of the protocol: connections, a driver that works like our
//! JavaScript, and independent decoders of the written bytes.
//!
//! Uses only the public API of the core.
#![warn(missing_docs)]

pub mod connections;
pub mod driver;
pub mod frames;
pub mod inflate;
pub mod notation;
pub mod script;
pub mod scripted;
#[cfg(feature = "streams")]
pub mod streams;
pub mod wire;
