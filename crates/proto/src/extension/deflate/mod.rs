//! permessage-deflate, RFC 7692.
//!
//! Messages are compressed in zlib's format and may refer to earlier messages of the same
//! direction. `Inflater` and `Deflater` have three users: the receiver and sender of a connection;
//! a session in a pipeline with other extensions; and a session for other libraries, without a
//! connection.
//!
//! **Memory of connections and threads.** The states of zlib are large. With one state per
//! connection, each turn of a connection would fetch its state from main memory, which costs more
//! than the compression. Therefore a connection keeps only the bytes to which messages may refer,
//! in one `History` per direction. The `Workspace` of the thread contains one decompressor, and one
//! compressor for each combination of level and other options (four at most). Before each message,
//! the state is reset and primed with the history. In a burst, when the state has just processed
//! the previous message of the same stream, it is used without a reset. The thread-local state
//! affects only speed and the quality of compression: a state counts as loaded only if it has seen
//! exactly this stream and all of its messages (`StreamId`). A connection borrows a state for one
//! slice of work, or takes it from the thread. No byte of one connection is visible to the next.
//!
//! **Size of the history.** The whole window of received data, because the peer may refer to all of
//! it. Of sent data, the part that improves compression: see `reach.rs`.
//!
//! **Large messages** are compressed in slices of 128 KiB and inflated in slices of 256 KiB. Other
//! connections have their turn between two slices. A sent message waits in the backlog of the
//! sender, together with all frames sent after it. Each of its slices ends with a flush, so that
//! any primed state can compress the next one. A received message needs its state between slices,
//! in the middle of a block, and therefore takes the thread's decompressor with it.
//!
//! **Limits.** The inflater reserves at most the limit and one more byte, which detects a message
//! that is too long. Work without output, such as empty blocks, counts towards a slice too.

pub mod agreement;
mod deflater;
mod history;
mod inflater;
pub mod options;
mod reach;
mod session;
mod workspace;

pub(crate) use deflater::{Deflater, WithoutTakeover};
pub(crate) use inflater::{Inflater, Progress};
pub use session::Session;

use crate::frame::Rsv;

/// The reserved bit of compressed messages, RFC 7692 §6.
pub const RSV: Rsv = Rsv::new(true, false, false);
