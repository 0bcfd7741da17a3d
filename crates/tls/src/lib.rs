//! TLS without sockets: bytes in, bytes out.
//!
//! ```text
//!  Settings ────────► Config ───────┐
//!                                   ├──► Session ──► bytes for the kernel
//!  ServerSettings ──► ServerConfig ─┘       └──────► bytes for the connection
//!
//!  verify.rs, examine.rs, certificate.rs, first_version.rs, clients.rs: verification of the peer
//! ```
//!
//! rustls implements the protocol. It is stricter than OpenSSL in most respects and less strict in
//! a few. If the two might disagree, the session fails before it sends any plaintext, and the
//! caller tries OpenSSL.

mod buffer;
mod certificate;
mod clients;
mod config;
mod examine;
mod first_version;
mod records;
mod server;
mod session;
mod tickets;
mod verify;

pub use clients::{Clients, Verdict};
pub use config::{Config, Settings, Version};
pub use server::{Context, Pattern, ServerConfig, ServerSettings};
pub use session::{Agreement, Failure, Session, State};
pub use tickets::Tickets;
pub use verify::Anchors;
