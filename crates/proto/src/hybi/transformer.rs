//! Who transforms the messages of a connection.
//!
//! Knows what was negotiated, and holds permessage-deflate at work. Does not know frames, nor when a
//! message comes or goes.

use crate::error::ProtocolError;
use crate::extension::deflate::{Deflater, Inflater, Progress, RSV as COMPRESSED};
use crate::extension::negotiation::Negotiated;
use crate::frame::Rsv;

/// Who transforms messages, in both directions.
#[derive(Debug)]
pub(crate) enum Transformer {
    /// They travel as they are.
    Nothing,
    /// The core. Boxed: most connections have none.
    Deflate(Box<Deflate>),
    /// Sessions outside the core, which own these bits.
    Sessions(Rsv),
}

/// permessage-deflate at work.
#[derive(Debug)]
pub(crate) struct Deflate {
    pub(crate) inflater: Inflater,
    pub(crate) deflater: Deflater,
}

impl Transformer {
    /// `max_length` limits inflated messages, in bytes, inclusive.
    pub(crate) fn new(negotiated: &Negotiated, max_length: usize) -> Self {
        match negotiated {
            Negotiated::Nothing => Self::Nothing,
            Negotiated::Deflate(agreed) => Self::Deflate(Box::new(Deflate {
                inflater: Inflater::new(agreed, max_length),
                deflater: Deflater::new(agreed),
            })),
            Negotiated::Sessions(reserved) => Self::Sessions(*reserved),
        }
    }

    /// The reserved bits that a message of the peer may have.
    pub(crate) fn reserved(&self) -> Rsv {
        match self {
            Self::Nothing => Rsv::default(),
            Self::Deflate(_) => COMPRESSED,
            Self::Sessions(reserved) => *reserved,
        }
    }

    #[inline]
    pub(crate) fn has_sessions(&self) -> bool {
        matches!(self, Self::Sessions(_))
    }

    /// What inflates a message whose first frame has these bits, if it is compressed.
    #[inline]
    pub(crate) fn inflater(&mut self, rsv: Rsv) -> Option<&mut Inflater> {
        match self {
            Self::Deflate(deflate) if rsv == COMPRESSED => Some(&mut deflate.inflater),
            Self::Deflate(_) | Self::Nothing | Self::Sessions(_) => None,
        }
    }

    /// Whether a message is changed before it is delivered: one of the peer, whose first frame
    /// has these bits.
    pub(crate) fn transforms(&self, rsv: Rsv) -> bool {
        match self {
            Self::Nothing => false,
            Self::Deflate(_) => rsv == COMPRESSED,
            Self::Sessions(_) => true,
        }
    }

    /// Goes on with a large message that is being inflated.
    pub(crate) fn next_slice(&mut self) -> Result<Progress, ProtocolError> {
        match self {
            Self::Deflate(deflate) => deflate.inflater.next_slice(),
            Self::Nothing | Self::Sessions(_) => Ok(Progress::Done),
        }
    }

    /// The message that has been inflated.
    pub(crate) fn inflated(&self) -> &[u8] {
        match self {
            Self::Deflate(deflate) => deflate.inflater.output(),
            Self::Nothing | Self::Sessions(_) => &[],
        }
    }
}
