//! Extensions, RFC 6455 §9.

pub mod header;
pub mod negotiation;
