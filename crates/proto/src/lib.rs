//! The WebSocket protocol without sockets, clocks or JavaScript.
//!
//! A [`Connection`](connection::Connection) accepts bytes and commands, and returns messages, bytes
//! and events. Its driver follows these steps:
//!
//! 1. Create a connection with [`server`](connection::Connection::server) or
//!    [`client`](connection::Connection::client), and [`start`](connection::Connection::start) it.
//! 2. When bytes arrive, pass them to [`receive`](connection::Connection::receive). Then call
//!    [`poll`](connection::Connection::poll) until it returns `None`, and act on each output
//!    *before* the next call.
//! 3. Send with [`send`](connection::Connection::send), `ping` and `close` at any time, also
//!    between two polls.
//! 4. Write the bytes of the [`outbox`](connection::Connection::outbox), and clear it.
//! 5. After [`Event::Close`](output::Event::Close), close the socket.
//!
//! ```
//! use proto::policy::Policy;
//! use proto::connection::Connection;
//! use proto::http::request::Request;
//! use proto::output::{Kind, Output};
//!
//! let mut request = Request::new("GET", "ws://example.com/", true);
//! for (name, value) in [
//!     ("host", "example.com"),
//!     ("connection", "Upgrade"),
//!     ("upgrade", "websocket"),
//!     ("sec-websocket-version", "13"),
//!     ("sec-websocket-key", "JFBCWHksyIpXV+6Wlq/9pw=="),
//! ] {
//!     request.add_header(name, value.to_owned());
//! }
//! let mut connection = Connection::server(request, Policy::default())?;
//! assert!(connection.start().accepted);
//! connection.outbox().clear(); // after writing it
//!
//! connection.receive(b"\x81\x82\x00\x00\x00\x00Hi");
//! while let Some(output) = connection.poll() {
//!     let Output::Message(message) = output else { continue };
//!     let echo = message.payload.to_vec();
//!     connection.send(Kind::Text, &echo);
//! }
//! assert_eq!(connection.outbox().bytes(), b"\x81\x02Hi");
//! # Ok::<(), proto::error::InvalidArgument>(())
//! ```
//!
//! Received bytes pass through inbox, decoder, assembler and text validation, and become messages.
//! Sent messages pass through sender, encoder and outbox. `ARCHITECTURE.md` describes both paths.

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod close;
pub mod connection;
pub mod error;
pub mod event_stream;
pub mod extension;
pub mod frame;
pub mod handshake;
mod hixie;
pub mod http;
pub mod hybi;
mod inbox;
mod memory;
pub mod outbox;
pub mod output;
pub mod policy;
mod spare;
mod utf8;
mod version;
