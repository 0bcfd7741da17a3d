//! As much of HTTP/1.1 as the opening handshakes need.

pub mod head;
pub mod headers;
pub mod request;
