//! Extensions, RFC 6455 §9.

pub mod deflate;
pub mod header;
pub mod negotiation;
