//! The client's end of TLS without sockets: bytes in, bytes out.
//!
//! ```text
//!  Settings ──► Config ──► Session ──► bytes for the kernel
//!                  │          └──────► bytes for the connection
//!                  └── verify.rs, certificate.rs: verification of the server
//! ```
//!
//! rustls implements the protocol. It is stricter than OpenSSL in most respects and less strict in
//! a few. If the two might disagree, the session fails before it sends any plaintext, and the
//! caller tries OpenSSL.

mod buffer;
mod certificate;
mod config;
mod session;
mod verify;

pub use config::{Config, Settings, Version};
pub use session::{Agreement, Failure, Session, State};
pub use verify::Anchors;
