//! What the tests of the protocol and its fuzz targets share: connections to begin with, a driver that treats them as
//! the JavaScript does, and independent readings of what they write.
//!
//! Uses the public API of the core only.
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
