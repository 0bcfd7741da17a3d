//! The transformation of messages: none, permessage-deflate, or sessions outside the core.

use crate::error::ProtocolError;
use crate::extension::deflate::{Deflater, Inflater, Progress, RSV as COMPRESSED};
use crate::extension::negotiation::Negotiated;
use crate::frame::Rsv;

/// The owner of the transformation, in both directions.
#[derive(Debug)]
pub(crate) enum Transformer {
    /// No extension transforms messages.
    Nothing,
    /// The core compresses. Boxed, because most connections have no compression.
    Deflate(Box<Deflate>),
    /// Sessions outside the core, which own these reserved bits.
    Sessions(Rsv),
}

/// The state of permessage-deflate.
#[derive(Debug)]
pub(crate) struct Deflate {
    pub(crate) inflater: Inflater,
    pub(crate) deflater: Deflater,
}

impl Transformer {
    /// Creates a transformer. `max_length` limits inflated messages, in bytes, inclusive.
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

    /// Returns the reserved bits that a message of the peer may have.
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

    /// Returns the inflater if these reserved bits mark a compressed message.
    #[inline]
    pub(crate) fn inflater(&mut self, rsv: Rsv) -> Option<&mut Inflater> {
        match self {
            Self::Deflate(deflate) if rsv == COMPRESSED => Some(&mut deflate.inflater),
            Self::Deflate(_) | Self::Nothing | Self::Sessions(_) => None,
        }
    }

    /// Returns whether a received message with these reserved bits is transformed before delivery.
    pub(crate) fn transforms(&self, rsv: Rsv) -> bool {
        match self {
            Self::Nothing => false,
            Self::Deflate(_) => rsv == COMPRESSED,
            Self::Sessions(_) => true,
        }
    }

    /// Continues to inflate a large message.
    pub(crate) fn next_slice(&mut self) -> Result<Progress, ProtocolError> {
        match self {
            Self::Deflate(deflate) => deflate.inflater.next_slice(),
            Self::Nothing | Self::Sessions(_) => Ok(Progress::Done),
        }
    }

    /// Returns the inflated message.
    pub(crate) fn inflated(&self) -> &[u8] {
        match self {
            Self::Deflate(deflate) => deflate.inflater.output(),
            Self::Nothing | Self::Sessions(_) => &[],
        }
    }
}
