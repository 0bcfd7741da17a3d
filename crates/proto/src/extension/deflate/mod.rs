//! permessage-deflate, RFC 7692.
//!
//! Messages are compressed with zlib's format, and may refer to earlier messages of the same direction.
//! Three ways lead to `Inflater` and `Deflater`: a connection's own receiver and sender; a session in a
//! pipeline beside other extensions; and a session for other libraries, without a connection.
//!
//! **What a connection keeps, and what a thread keeps.** The states of zlib are large. With one per
//! connection the cache has lost them whenever it is that connection's turn, and fetching them costs more
//! than the compression. So a connection keeps only what messages may refer to, a `History` for each
//! direction, and the `Workspace` of the thread has one decompressor and, for each combination of level and
//! other options, one compressor (four at most). Before a message the state is reset and primed with the
//! history. If the stream's last message was the last thing that it did, as in a burst, it is used as it is.
//! Nothing depends on this thread-local state but speed, and how well a message is compressed: a state
//! counts as loaded only if it has seen exactly this stream and all of its messages (`StreamId`). A state is
//! borrowed for one slice of work, or taken away from the thread; no byte of one connection is visible to
//! the next.
//!
//! **How much is kept.** Of what was received, the whole window, because the peer may refer to all of it. Of
//! what was sent, as much as pays: see `reach.rs`.
//!
//! **Large messages** are compressed 128 KiB and inflated 256 KiB at a time; in between, other connections
//! have their turn. Outgoing, a message waits in the backlog of the sender, with every frame sent behind it.
//! A slice ends with a flush, so the next one can start with any state that is primed. Incoming, the state
//! has to be kept in the middle of a block, so such a message takes the decompressor of the thread with it.
//!
//! **Limits.** The inflater never makes room for more than the limit and one byte, which shows that there is
//! too much. Work that leaves no bytes, such as empty blocks, counts too.

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
