//! Conversion between JavaScript's values and the core's. Makes no decision of the protocol.

pub(crate) mod error;
pub mod options;
pub mod output;
pub(crate) mod value;
