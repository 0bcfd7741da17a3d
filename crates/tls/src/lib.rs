//! The client's end of TLS without sockets: bytes in, bytes out.
//!
//! ```text
//!  Settings ──► Config ──► Session ──► bytes for the kernel
//!                  │          └──────► bytes for the connection
//!                  └── verify.rs, certificate.rs: whom we believe
//! ```
//!
//! rustls does the work. It is stricter than OpenSSL in most things and laxer in a few; where the two
//! might disagree, a session fails here, before anything has been sent, and the caller asks OpenSSL.

mod certificate;
mod config;
mod session;
mod verify;

pub use config::{Config, Settings, Version};
pub use session::{Agreement, Failure, Session, State};
pub use verify::Anchors;
