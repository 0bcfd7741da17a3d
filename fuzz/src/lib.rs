//! What the fuzz targets share: inputs, connections to feed them to, and what may come out.

pub mod connections;
pub mod driver;
pub mod stream;
pub mod wire;
pub mod zlib;
