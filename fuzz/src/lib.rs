//! Tools of the fuzz targets in addition to `proto_testing`: inputs, an application that reacts,
//! and zlib.

pub mod reacting;
pub mod settings;
pub mod stream;
pub mod zlib;
