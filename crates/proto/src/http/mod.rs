//! The parts of HTTP/1.1 that the opening handshakes need.

pub mod head;
pub mod headers;
pub mod request;
