//! Frames, RFC 6455 §5.
//!
//! Knows the fields of a header and their names. Does not know how they are laid out on the wire: that is
//! in `encoder.rs`, and in the decoder of a connection, which also knows its rules.

pub(crate) mod encoder;
pub mod mask;

use mask::MaskingKey;

/// What a frame is for.
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
    /// A reserved one, with its number.
    Reserved(u8),
}

impl Opcode {
    /// The opcode with this number; `None` for the reserved ones.
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

    /// The opcode with this number, reserved or not. More than four bits do not count.
    #[must_use]
    pub const fn of(number: u8) -> Self {
        let number = number & 0x0F;
        match Self::from_wire(number) {
            Some(opcode) => opcode,
            None => Self::Reserved(number),
        }
    }

    /// The number on the wire.
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

    /// Close, ping and pong: short, never fragmented, and allowed between the fragments of a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.number() >= 0x8
    }

    /// What opens a message.
    pub(crate) const fn opens(self) -> bool {
        matches!(self, Self::Text | Self::Binary)
    }
}

/// The three reserved bits, which extensions may give a meaning.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rsv(u8);

impl Rsv {
    /// The reserved bits of a frame's first byte.
    #[must_use]
    pub const fn from_first_byte(byte: u8) -> Self {
        Self(byte & 0x70)
    }

    /// Bits by name.
    #[must_use]
    pub const fn new(rsv1: bool, rsv2: bool, rsv3: bool) -> Self {
        Self((rsv1 as u8) << 6 | (rsv2 as u8) << 5 | (rsv3 as u8) << 4)
    }

    /// The bits that are on in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// RSV1, RSV2 and RSV3, each alone.
    #[must_use]
    pub const fn each(self) -> [Self; 3] {
        [
            Self(self.0 & 0x40),
            Self(self.0 & 0x20),
            Self(self.0 & 0x10),
        ]
    }

    /// The bits where they stand in a frame's first byte.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every bit that is on is on in `allowed` too.
    #[must_use]
    pub const fn within(self, allowed: Self) -> bool {
        self.0 & !allowed.0 == 0
    }

    /// RSV1, RSV2 and RSV3 as the digits of an error message.
    #[must_use]
    pub const fn digits(self) -> [u8; 3] {
        [self.0 >> 6 & 1, self.0 >> 5 & 1, self.0 >> 4 & 1]
    }
}

/// What the first byte of a frame says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameStart {
    /// The last frame of its message.
    pub fin: bool,
    /// The reserved bits.
    pub rsv: Rsv,
    /// What the frame is for.
    pub opcode: Opcode,
}

impl FrameStart {
    /// A frame that is all of its message, and uses no extension.
    #[must_use]
    pub const fn whole(opcode: Opcode) -> Self {
        Self {
            fin: true,
            rsv: Rsv(0),
            opcode,
        }
    }

    /// As it stands on the wire.
    pub(crate) const fn byte(self) -> u8 {
        let fin = if self.fin { 0x80 } else { 0 };
        fin | self.rsv.bits() | self.opcode.number()
    }
}

/// Where the masking key of one frame of ours comes from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeySource {
    /// The policy decides: clients mask, with a fresh key.
    #[default]
    Policy,
    /// The frame is not masked.
    Unmasked,
    /// The application's choice.
    Given(MaskingKey),
}

/// Everything before a frame's payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameHeader {
    /// What the first byte says.
    pub start: FrameStart,
    /// The masking key, in frames of a client.
    pub masking_key: Option<MaskingKey>,
    /// Bytes of payload that the peer says will follow. A claim: nothing is allocated for it.
    pub length: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opcode_is_what_its_number_says_and_the_others_are_reserved() {
        let known = [0x0, 0x1, 0x2, 0x8, 0x9, 0xA];
        for number in 0..=u8::MAX {
            let opcode = Opcode::from_wire(number);
            assert_eq!(opcode.is_some(), known.contains(&number), "{number}");
            assert!(opcode.is_none_or(|opcode| opcode.number() == number));
            assert!(opcode.is_none_or(|opcode| opcode.is_control() == (number >= 8)));
        }
    }
}
