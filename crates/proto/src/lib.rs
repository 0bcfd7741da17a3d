//! The WebSocket protocol without sockets, clocks or JavaScript.
//!
//! A [`Connection`](connection::Connection) takes bytes and commands and yields messages, bytes and
//! events. Its driver does this:
//!
//! 1. make one with [`server`](connection::Connection::server) or
//!    [`client`](connection::Connection::client) and [`start`](connection::Connection::start) it;
//! 2. when bytes arrive, [`receive`](connection::Connection::receive) them, then
//!    [`poll`](connection::Connection::poll) until nothing is left, acting on each output *before*
//!    asking for the next;
//! 3. send with [`send`](connection::Connection::send), `ping`, `close` at any time, also between two
//!    polls;
//! 4. write what is in the [`outbox`](connection::Connection::outbox), and clear it;
//! 5. after [`Event::Close`](output::Event::Close), close the socket.
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
//! Bytes travel inbox → decoder → assembler → text validation → message on the way in, and
//! sender → encoder → outbox on the way out. `ARCHITECTURE.md` walks both roads room by room.

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
