//! Conversion between JavaScript's values and the core's. Does not know the protocol.

pub(crate) mod error;
pub mod options;
pub mod output;
pub(crate) mod value;
