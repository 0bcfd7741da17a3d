//! JavaScript's values to the core's, and back. No protocol decision is made here.

pub(crate) mod error;
pub mod options;
pub mod output;
pub(crate) mod value;
