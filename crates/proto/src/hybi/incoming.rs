//! What the peer said, and where that is kept until the receiver advances.
//!
//! Knows what a control frame says by itself. Does not know how it came here, nor what is answered.

use crate::error::ProtocolError;
use crate::frame::{FrameStart, Opcode, Rsv};
use crate::inbox::Taken;
use crate::output::Kind;

/// What the peer said next.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A whole message, to be looked at with `Receiver::message`.
    Message(Arrived),
    /// A frame, to be looked at with `Receiver::frame`.
    Frame(ArrivedFrame),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
    Violation(ProtocolError),
    /// Nothing yet: a large message is being inflated, and other connections should have their turn.
    Unfinished,
}

/// Where a message that has arrived is kept until the receiver advances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(super) kind: Kind,
    pub(super) rsv: Rsv,
    pub(super) place: Place,
}

/// Where a frame that has arrived is kept until the receiver advances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArrivedFrame {
    pub(super) start: FrameStart,
    pub(super) masked: bool,
    pub(super) taken: Taken,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In one piece where it arrived: the common case, no copy.
    Inbox(Taken),
    /// Put together from several pieces.
    Assembler,
    /// In the inflater's output.
    Inflater,
}

/// What a control frame says. A data frame says nothing by itself.
pub(super) fn said(opcode: Opcode, payload: Vec<u8>) -> Option<Incoming> {
    Some(match opcode {
        Opcode::Ping => Incoming::Ping(payload),
        Opcode::Pong => Incoming::Pong(payload),
        Opcode::Close => Incoming::Close(payload),
        Opcode::Reserved(number) => Incoming::Violation(ProtocolError::UnrecognizedOpcode(number)),
        Opcode::Continuation | Opcode::Text | Opcode::Binary => return None,
    })
}
