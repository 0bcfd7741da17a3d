//! Frame headers from bytes.
//!
//! Knows the frame layout of RFC 6455 §5.2, and refuses each violation at the first byte that shows
//! it. Does not know what a payload says, who closes first, or where the bytes come from.

use super::{FrameHeader, Opcode, Rsv};
use crate::config::PeerMasking;
use crate::error::ProtocolError;

/// The rules that the peer's frames are held to.
#[derive(Debug)]
pub(crate) struct Decoder {
    max_length: u64,
    masking: PeerMasking,
    /// The reserved bits that negotiated extensions own.
    reserved: Rsv,
}

impl Decoder {
    pub(crate) fn new(max_length: usize, masking: PeerMasking, reserved: Rsv) -> Self {
        Self {
            max_length: max_length as u64,
            masking,
            reserved,
        }
    }

    /// The header at the front of `bytes` and its size, or `None` until it has all arrived.
    /// `unfinished` is the length so far of a message that waits for its next fragment.
    ///
    /// The order of the checks is that of websocket-driver: it decides which of two violations in one
    /// header is reported.
    #[inline]
    pub(crate) fn header(
        &self,
        bytes: &[u8],
        unfinished: Option<usize>,
    ) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let (fin, rsv, opcode) = self.first_byte(first, unfinished)?;

        let Some((&second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        let masked = second & 0x80 != 0;
        let (length, rest) = match second & 0x7F {
            126 => {
                self.check_masking(masked)?;
                let Some((length, rest)) = rest.split_first_chunk() else {
                    return Ok(None);
                };
                let length = u64::from(u16::from_be_bytes(*length));
                self.check_length(opcode, length, unfinished)?;
                (length, rest)
            }
            127 => {
                self.check_masking(masked)?;
                let Some((length, rest)) = rest.split_first_chunk() else {
                    return Ok(None);
                };
                let length = u64::from_be_bytes(*length);
                if length >> 63 != 0 {
                    return Err(ProtocolError::LengthOverflow);
                }
                self.check_length(opcode, length, unfinished)?;
                (length, rest)
            }
            short => {
                let length = u64::from(short);
                self.check_length(opcode, length, unfinished)?;
                self.check_masking(masked)?;
                (length, rest)
            }
        };

        let (masking_key, rest) = if masked {
            let Some((key, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (Some(*key), rest)
        } else {
            (None, rest)
        };
        if opcode == Opcode::Continuation && unfinished.is_none() {
            return Err(ProtocolError::UnexpectedContinuation);
        }
        let header = FrameHeader {
            fin,
            rsv,
            opcode,
            masking_key,
            length,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    fn first_byte(
        &self,
        byte: u8,
        unfinished: Option<usize>,
    ) -> Result<(bool, Rsv, Opcode), ProtocolError> {
        let fin = byte & 0x80 != 0;
        let rsv = Rsv::from_first_byte(byte);
        let number = byte & 0x0F;
        let opcode = Opcode::from_wire(number);
        let opens = matches!(opcode, Some(Opcode::Text | Opcode::Binary));
        // Extensions mark messages: a continuation or a control frame has no reserved bits to set.
        let allowed = if opens { self.reserved } else { Rsv::default() };
        if !rsv.within(allowed) {
            return Err(ProtocolError::ReservedBits(rsv));
        }
        let opcode = opcode.ok_or(ProtocolError::UnrecognizedOpcode(number))?;
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControl(number));
        }
        if opens && unfinished.is_some() {
            return Err(ProtocolError::InterruptedMessage);
        }
        Ok((fin, rsv, opcode))
    }

    fn check_masking(&self, masked: bool) -> Result<(), ProtocolError> {
        match self.masking {
            PeerMasking::Required if !masked => Err(ProtocolError::UnmaskedFrame),
            PeerMasking::Forbidden if masked => Err(ProtocolError::MaskedFrame),
            _ => Ok(()),
        }
    }

    fn check_length(
        &self,
        opcode: Opcode,
        length: u64,
        unfinished: Option<usize>,
    ) -> Result<(), ProtocolError> {
        if opcode.is_control() {
            return if length > MAX_CONTROL_PAYLOAD {
                Err(ProtocolError::ControlTooLong(length))
            } else {
                Ok(())
            };
        }
        let so_far = unfinished.unwrap_or(0) as u64;
        match so_far.checked_add(length) {
            Some(total) if total <= self.max_length => Ok(()),
            _ => Err(ProtocolError::TooLarge),
        }
    }
}

/// RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT
/// be fragmented."
pub(crate) const MAX_CONTROL_PAYLOAD: u64 = 125;

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder(masking: PeerMasking) -> Decoder {
        Decoder::new(70_000, masking, Rsv::default())
    }

    #[test]
    fn refuses_each_violation_at_the_first_byte_that_shows_it() {
        use PeerMasking::{Forbidden, Optional, Required};
        use ProtocolError as E;
        let rsv = |byte| E::ReservedBits(Rsv::from_first_byte(byte));
        type Case = (&'static str, PeerMasking, &'static [u8], Option<usize>, E);
        let cases: [Case; 20] = [
            ("RSV1", Optional, &[0xC1], None, rsv(0x40)),
            (
                "RSV1 on a continuation",
                Optional,
                &[0xC0],
                Some(1),
                rsv(0x40),
            ),
            ("RSV2 on a ping", Optional, &[0xA9], None, rsv(0x20)),
            (
                "reserved bits win over a reserved opcode",
                Optional,
                &[0x93],
                None,
                rsv(0x10),
            ),
            (
                "a reserved data opcode",
                Optional,
                &[0x83],
                None,
                E::UnrecognizedOpcode(3),
            ),
            (
                "a reserved control opcode",
                Optional,
                &[0x8B],
                None,
                E::UnrecognizedOpcode(11),
            ),
            (
                "a ping without FIN",
                Optional,
                &[0x09],
                None,
                E::FragmentedControl(9),
            ),
            (
                "a close without FIN",
                Optional,
                &[0x08],
                None,
                E::FragmentedControl(8),
            ),
            (
                "text inside a message",
                Optional,
                &[0x81],
                Some(0),
                E::InterruptedMessage,
            ),
            (
                "binary inside a message",
                Optional,
                &[0x02],
                Some(5),
                E::InterruptedMessage,
            ),
            (
                "unmasked from a client",
                Required,
                &[0x81, 0x01],
                None,
                E::UnmaskedFrame,
            ),
            (
                "the same before a long length",
                Required,
                &[0x81, 0x7E],
                None,
                E::UnmaskedFrame,
            ),
            (
                "masked from a server",
                Forbidden,
                &[0x81, 0x81],
                None,
                E::MaskedFrame,
            ),
            (
                "a ping of 126 bytes",
                Optional,
                &[0x89, 0x7E, 0, 126],
                None,
                E::ControlTooLong(126),
            ),
            (
                "a continuation of nothing",
                Optional,
                &[0x80, 0x01],
                None,
                E::UnexpectedContinuation,
            ),
            (
                "above the limit",
                Optional,
                &[0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71],
                None,
                E::TooLarge,
            ),
            (
                "above it together",
                Optional,
                &[0x80, 0x02],
                Some(69_999),
                E::TooLarge,
            ),
            (
                "2^63 - 1",
                Optional,
                &[0x82, 127, 0x7F, 255, 255, 255, 255, 255, 255, 255],
                None,
                E::TooLarge,
            ),
            (
                "2^63",
                Optional,
                &[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
                None,
                E::LengthOverflow,
            ),
            (
                "too large wins over unmasked",
                Required,
                &[0x80, 0x02],
                Some(69_999),
                E::TooLarge,
            ),
        ];
        for (name, masking, bytes, unfinished, error) in cases {
            let decoder = decoder(masking);
            assert_eq!(decoder.header(bytes, unfinished), Err(error), "{name}");
            for cut in 0..bytes.len() {
                assert_eq!(
                    decoder.header(&bytes[..cut], unfinished),
                    Ok(None),
                    "{name} cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn reads_every_form_of_a_header() {
        use Opcode::{Binary, Continuation, Ping, Text};
        let key = Some([1, 2, 3, 4]);
        type Case = (
            &'static str,
            &'static [u8],
            Option<usize>,
            bool,
            Opcode,
            Option<[u8; 4]>,
            u64,
        );
        let cases: [Case; 7] = [
            ("an empty text", &[0x81, 0], None, true, Text, None, 0),
            (
                "a masked one",
                &[0x81, 0x80, 1, 2, 3, 4],
                None,
                true,
                Text,
                key,
                0,
            ),
            (
                "a first fragment",
                &[0x02, 125],
                None,
                false,
                Binary,
                None,
                125,
            ),
            (
                "its continuation",
                &[0x80, 5],
                Some(125),
                true,
                Continuation,
                None,
                5,
            ),
            (
                "a 16-bit length",
                &[0x82, 0xFE, 1, 0, 1, 2, 3, 4],
                None,
                true,
                Binary,
                key,
                256,
            ),
            (
                "a 64-bit length",
                &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0],
                None,
                true,
                Binary,
                None,
                65_536,
            ),
            (
                "a longer form than needed",
                &[0x89, 126, 0, 5],
                Some(9),
                true,
                Ping,
                None,
                5,
            ),
        ];
        for (name, bytes, unfinished, fin, opcode, masking_key, length) in cases {
            let rsv = Rsv::default();
            let header = FrameHeader {
                fin,
                rsv,
                opcode,
                masking_key,
                length,
            };
            let decoder = decoder(PeerMasking::Optional);
            assert_eq!(
                decoder.header(bytes, unfinished),
                Ok(Some((header, bytes.len()))),
                "{name}"
            );
        }
    }
}
