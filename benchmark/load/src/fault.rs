//! The errors that end a run early.

use std::io;

/// The messages cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadData {
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("the file ends in the middle of a message")]
    Truncated,
    #[error("there are no messages")]
    NoMessages,
    #[error("a message is empty")]
    EmptyMessage,
}

/// The server did not answer the opening handshake correctly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("the server ended the connection before its answer was complete")]
    Ended,
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("the answer is {0:?}")]
    Status(String),
    #[error("the server sent frames before it received any")]
    Early,
    #[error("the server has declined permessage-deflate")]
    NoDeflate,
    #[error("the server answered {0:?}, which does not allow the prepared frames")]
    Parameters(String),
}

/// The difference between the server's bytes and the expected reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("a frame that no server may send")]
    IllegalFrame,
    #[error("the server closed with code {0}")]
    Closed(u16),
    #[error("the reply has opcode {found}, the message had {sent}")]
    Opcode { found: u8, sent: u8 },
    #[error("a compressed reply, although permessage-deflate was not negotiated")]
    Compressed,
    #[error("a continuation outside of a message, or a new message inside of another")]
    Continuation,
    #[error("the reply differs from the message at byte {0}")]
    Byte(usize),
    #[error("the reply has {found} bytes, the message had {sent}")]
    Length { found: u64, sent: usize },
    #[error("the reply cannot be inflated: {0}")]
    Inflate(&'static str),
    #[error("a reply without a message")]
    Unasked,
    #[error("the confirmation is {0:?}")]
    Confirmation(String),
    #[error("the server closed the connection without a close frame")]
    NoCloseFrame,
    #[error("the answer is {0:?}")]
    Answer(String),
}

/// The reason why a run failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("connection {connection} cannot be opened: {source}")]
    Open { connection: usize, source: Refused },
    #[error("connection {connection}, reply {reply}: {wrong}")]
    Wrong {
        connection: usize,
        reply: u64,
        wrong: Wrong,
    },
    #[error("connection {connection}, reply {reply}: the server ended the connection")]
    Ended { connection: usize, reply: u64 },
    #[error("connection {connection}, reply {reply}: {source}")]
    Io {
        connection: usize,
        reply: u64,
        source: io::Error,
    },
    #[error("connection {connection}, reply {reply}: no reply within {seconds} seconds")]
    Stalled {
        connection: usize,
        reply: u64,
        seconds: u64,
    },
    #[error("the poller failed: {0}")]
    Poll(io::Error),
}
