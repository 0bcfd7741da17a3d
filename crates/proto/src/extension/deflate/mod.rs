//! permessage-deflate, RFC 7692.
//!
//! Messages are compressed with zlib's format, and may refer to earlier messages of the same direction.
//! A connection keeps what may be referred to; the states of zlib are the thread's, see `workspace.rs`.

pub mod agreement;
mod deflater;
mod history;
mod inflater;
pub mod options;
mod reach;
mod session;
mod workspace;

pub(crate) use deflater::{Alone, Deflater};
pub(crate) use inflater::{Inflater, Progress};
pub use session::Session;

use crate::frame::Rsv;

/// The bit that compressed messages have on, RFC 7692 §6.
pub const RSV: Rsv = Rsv::new(true, false, false);
