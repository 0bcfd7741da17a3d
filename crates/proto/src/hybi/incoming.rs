//! The results of decoding: messages, frames, control frames and violations.
//!
//! `mod.rs` decides the reaction to each.

use crate::error::ProtocolError;
use crate::frame::{FrameStart, Opcode, Rsv};
use crate::inbox::Taken;
use crate::output::Kind;

/// The next result of decoding.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A whole message. `Receiver::message` returns it.
    Message(Arrived),
    /// A frame. `Receiver::frame` returns it.
    Frame(ArrivedFrame),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
    Violation(ProtocolError),
    /// No result yet: a large message is being inflated. Other connections should have their turn
    /// first.
    Unfinished,
}

/// The location of a received message until the receiver advances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(super) kind: Kind,
    pub(super) rsv: Rsv,
    pub(super) place: Place,
    /// Whether the message is known to be ASCII.
    pub(super) is_ascii: bool,
}

/// The location of a received frame until the receiver advances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArrivedFrame {
    pub(super) start: FrameStart,
    pub(super) masked: bool,
    pub(super) taken: Taken,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the inbox, contiguous: the common case, without a copy.
    Inbox(Taken),
    /// In the assembler, from several pieces.
    Assembler,
    /// In the inflater's output.
    Inflater,
}

/// Returns the meaning of a control frame, and `None` for a data frame.
pub(super) fn meaning(opcode: Opcode, payload: Vec<u8>) -> Option<Incoming> {
    Some(match opcode {
        Opcode::Ping => Incoming::Ping(payload),
        Opcode::Pong => Incoming::Pong(payload),
        Opcode::Close => Incoming::Close(payload),
        Opcode::Reserved(number) => Incoming::Violation(ProtocolError::UnrecognizedOpcode(number)),
        Opcode::Continuation | Opcode::Text | Opcode::Binary => return None,
    })
}
