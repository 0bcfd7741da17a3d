//! Frames, RFC 6455 §5: the fields of a frame header.
//!
//! The encoding is in `encoder.rs`. The decoding and its rules are in `hybi/decoder.rs`.

pub(crate) mod encoder;
pub mod mask;

use mask::MaskingKey;

/// The opcode of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opcode {
    /// A fragment after the first.
    Continuation,
    /// A text message, or its first fragment.
    Text,
    /// A binary message, or its first fragment.
    Binary,
    /// A close frame.
    Close,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// A reserved opcode, with its number.
    Reserved(u8),
}

impl Opcode {
    /// Returns the opcode with this number, and `None` for reserved numbers.
    #[must_use]
    pub const fn from_wire(number: u8) -> Option<Self> {
        match number {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    /// Returns the opcode with this number, reserved or not. Only the lower four bits count.
    #[must_use]
    pub const fn of(number: u8) -> Self {
        let number = number & 0x0F;
        match Self::from_wire(number) {
            Some(opcode) => opcode,
            None => Self::Reserved(number),
        }
    }

    /// Returns the number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
            Self::Reserved(number) => number & 0x0F,
        }
    }

    /// Returns whether this is a control frame: short, never fragmented, and allowed between the
    /// fragments of a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.number() >= 0x8
    }

    /// Returns whether this opcode begins a message.
    pub(crate) const fn opens(self) -> bool {
        matches!(self, Self::Text | Self::Binary)
    }
}

/// The three reserved bits, for use by extensions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rsv(u8);

impl Rsv {
    /// Returns the reserved bits of a frame's first byte.
    #[must_use]
    pub const fn from_first_byte(byte: u8) -> Self {
        Self(byte & 0x70)
    }

    /// Creates a set of reserved bits.
    #[must_use]
    pub const fn new(rsv1: bool, rsv2: bool, rsv3: bool) -> Self {
        Self((rsv1 as u8) << 6 | (rsv2 as u8) << 5 | (rsv3 as u8) << 4)
    }

    /// Returns the union of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns RSV1, RSV2 and RSV3 as separate sets.
    #[must_use]
    pub const fn each(self) -> [Self; 3] {
        [
            Self(self.0 & 0x40),
            Self(self.0 & 0x20),
            Self(self.0 & 0x10),
        ]
    }

    /// Returns the bits at their positions in a frame's first byte.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns whether `allowed` contains all of these bits.
    #[must_use]
    pub const fn within(self, allowed: Self) -> bool {
        self.0 & !allowed.0 == 0
    }

    /// Returns RSV1, RSV2 and RSV3 as digits for error messages.
    #[must_use]
    pub const fn digits(self) -> [u8; 3] {
        [self.0 >> 6 & 1, self.0 >> 5 & 1, self.0 >> 4 & 1]
    }
}

/// The fields in the first byte of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameStart {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// The reserved bits.
    pub rsv: Rsv,
    /// The opcode.
    pub opcode: Opcode,
}

impl FrameStart {
    /// Creates the start of an unfragmented frame without reserved bits.
    #[must_use]
    pub const fn whole(opcode: Opcode) -> Self {
        Self {
            fin: true,
            rsv: Rsv(0),
            opcode,
        }
    }

    /// Returns the byte on the wire.
    pub(crate) const fn byte(self) -> u8 {
        let fin = if self.fin { 0x80 } else { 0 };
        fin | self.rsv.bits() | self.opcode.number()
    }
}

/// The source of the masking key of one frame.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeySource {
    /// The policy decides: clients mask with a new key.
    #[default]
    Policy,
    /// The frame is not masked.
    Unmasked,
    /// A key from the application.
    Given(MaskingKey),
}

/// The header of a received frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameHeader {
    /// The fields of the first byte.
    pub start: FrameStart,
    /// The masking key, if the frame is masked.
    pub masking_key: Option<MaskingKey>,
    /// The payload length that the peer announces. The core reserves no memory for it before the
    /// bytes arrive.
    pub length: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_opcodes_are_known_and_the_others_are_reserved() {
        let known = [0x0, 0x1, 0x2, 0x8, 0x9, 0xA];
        for number in 0..=u8::MAX {
            let opcode = Opcode::from_wire(number);
            assert_eq!(opcode.is_some(), known.contains(&number), "{number}");
            assert!(opcode.is_none_or(|opcode| opcode.number() == number));
            assert!(opcode.is_none_or(|opcode| opcode.is_control() == (number >= 8)));
        }
    }
}
