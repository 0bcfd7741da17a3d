//! Opening handshakes, RFC 6455 §4.

pub mod accept;
pub(crate) mod client;
mod integer;
pub mod proxy;
pub(crate) mod server;

pub use crate::version::Version;
pub use client::ClientRequest;
pub use server::refusal;
