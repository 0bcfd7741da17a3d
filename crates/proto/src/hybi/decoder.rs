//! Decodes frame headers, RFC 6455 §5.2, and checks them in the order of the policy.
//!
//! Payloads and the phase of the connection are outside this module.

use crate::error::ProtocolError;
use crate::frame::mask::MaskingKey;
use crate::frame::{FrameHeader, FrameStart, Opcode, Rsv};
use crate::policy::{Checks, Delivery, MessageLimit, PeerMasking, Policy};

/// The rules for the peer's frames.
#[derive(Debug)]
pub(crate) struct Decoder {
    checks: Checks,
    delivery: Delivery,
    masking: PeerMasking,
    /// The reserved bits of the negotiated extensions.
    reserved: Rsv,
    max_frame: u64,
    max_message: u64,
    limited: MessageLimit,
}

impl Decoder {
    pub(crate) fn new(policy: &Policy, reserved: Rsv) -> Self {
        Self {
            checks: match policy.delivery {
                Delivery::Messages | Delivery::Fragments => policy.manner.checks,
                Delivery::Frames => Checks::WholeFrame,
            },
            delivery: policy.delivery,
            masking: policy.peer_masking,
            reserved,
            max_frame: policy.max_frame as u64,
            max_message: policy.max_message as u64,
            limited: policy.manner.message_limit,
        }
    }

    /// Returns the header at the front of `bytes` and its size, or `None` until the header is
    /// complete. `unfinished` is the current length of a message that expects another fragment.
    #[inline]
    pub(crate) fn header(
        &self,
        bytes: &[u8],
        unfinished: Option<usize>,
    ) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        match self.checks {
            Checks::Bytewise => self.bytewise(bytes, unfinished),
            Checks::Header => self.at_header(bytes, unfinished),
            Checks::WholeFrame => self.before_frame(bytes),
        }
    }

    /// Checks each byte as it arrives. The order of the checks decides which of two violations is
    /// reported.
    #[inline]
    fn bytewise(
        &self,
        bytes: &[u8],
        unfinished: Option<usize>,
    ) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let start = self.first_byte(first, unfinished)?;
        let opcode = start.opcode;

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
                self.check_length(start, length, unfinished)?;
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
                self.check_length(start, length, unfinished)?;
                (length, rest)
            }
            short => {
                let length = u64::from(short);
                self.check_length(start, length, unfinished)?;
                self.check_masking(masked)?;
                (length, rest)
            }
        };

        let Some((masking_key, rest)) = key(masked, rest) else {
            return Ok(None);
        };
        if opcode == Opcode::Continuation && unfinished.is_none() {
            return Err(ProtocolError::UnexpectedContinuation);
        }
        let header = FrameHeader {
            start,
            masking_key,
            length,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// Checks the first two bytes together, then the length.
    fn at_header(
        &self,
        bytes: &[u8],
        unfinished: Option<usize>,
    ) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let (start, masked, short) = (start(*first), second & 0x80 != 0, second & 0x7F);
        let number = start.opcode.number();
        if !start.rsv.within(self.reserved) {
            return Err(ProtocolError::ReservedBits(start.rsv));
        }
        let has_bits = start.rsv != Rsv::default();
        match start.opcode {
            Opcode::Continuation if has_bits => {
                return Err(ProtocolError::ReservedBits(start.rsv));
            }
            Opcode::Continuation if unfinished.is_none() => {
                return Err(ProtocolError::UnexpectedContinuation);
            }
            Opcode::Text | Opcode::Binary if unfinished.is_some() => {
                return Err(ProtocolError::InterruptedMessage(number));
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {}
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                if !start.fin {
                    return Err(ProtocolError::FragmentedControl(number));
                }
                if has_bits {
                    return Err(ProtocolError::ReservedBits(start.rsv));
                }
                if u64::from(short) > MAX_CONTROL_PAYLOAD {
                    return Err(ProtocolError::ControlTooLong(short.into()));
                }
                if start.opcode == Opcode::Close && short == 1 {
                    return Err(ProtocolError::CloseTooShort);
                }
            }
            Opcode::Reserved(_) => return Err(ProtocolError::UnrecognizedOpcode(number)),
        }
        self.check_masking(masked)?;
        let Some((length, rest)) = length(short, rest) else {
            return Ok(None);
        };
        if length > MAX_SAFE_INTEGER {
            return Err(ProtocolError::LengthOverflow);
        }
        self.check_length(start, length, unfinished)?;
        let Some((masking_key, rest)) = key(masked, rest) else {
            return Ok(None);
        };
        let header = FrameHeader {
            start,
            masking_key,
            length,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// Makes the checks that precede the payload of a whole frame.
    fn before_frame(&self, bytes: &[u8]) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let (start, masked, short) = (start(*first), second & 0x80 != 0, second & 0x7F);
        if start.opcode.is_control() {
            if u64::from(short) > MAX_CONTROL_PAYLOAD {
                return Err(ProtocolError::ControlTooLong(short.into()));
            }
            if !start.fin {
                return Err(ProtocolError::FragmentedControl(start.opcode.number()));
            }
        }
        self.check_masking(masked)?;
        let Some((length, rest)) = length(short, rest) else {
            return Ok(None);
        };
        if length >> 32 != 0 {
            return Err(ProtocolError::LengthOverflow);
        }
        let Some((masking_key, rest)) = key(masked, rest) else {
            return Ok(None);
        };
        self.check_frame_length(length)?;
        let header = FrameHeader {
            start,
            masking_key,
            length,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// Makes the checks of a complete frame.
    #[inline]
    pub(crate) fn check_frame(
        &self,
        header: &FrameHeader,
        unfinished: Option<usize>,
    ) -> Result<(), ProtocolError> {
        match self.checks {
            Checks::Bytewise | Checks::Header => Ok(()),
            Checks::WholeFrame => {
                self.check_bits(header.start)?;
                match self.delivery {
                    Delivery::Messages | Delivery::Fragments => {
                        self.check_sequence(header, unfinished)
                    }
                    Delivery::Frames => Ok(()),
                }
            }
        }
    }

    fn check_bits(&self, start: FrameStart) -> Result<(), ProtocolError> {
        let allowed = match start.opcode.opens() {
            true => self.reserved,
            false => Rsv::default(),
        };
        if start.rsv.within(allowed) {
            Ok(())
        } else {
            Err(ProtocolError::ReservedBits(start.rsv))
        }
    }

    /// Checks the position of a frame in its message, and the length of the message.
    fn check_sequence(
        &self,
        header: &FrameHeader,
        unfinished: Option<usize>,
    ) -> Result<(), ProtocolError> {
        let (opcode, number) = (header.start.opcode, header.start.opcode.number());
        match (opcode, unfinished) {
            (Opcode::Text | Opcode::Binary | Opcode::Reserved(0..8), Some(_)) => {
                Err(ProtocolError::InterruptedMessage(number))
            }
            (Opcode::Reserved(_), _) => Err(ProtocolError::UnrecognizedOpcode(number)),
            (Opcode::Continuation, None) => Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Continuation, Some(_)) | (Opcode::Text | Opcode::Binary, None) => {
                self.check_message_length(header.start.fin, header.length, unfinished)
            }
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => Ok(()),
        }
    }

    fn first_byte(&self, byte: u8, unfinished: Option<usize>) -> Result<FrameStart, ProtocolError> {
        let start = start(byte);
        let number = start.opcode.number();
        // Extensions mark the first frame of a message. Continuations and control frames have no
        // reserved bits.
        self.check_bits(start)?;
        if let Opcode::Reserved(_) = start.opcode {
            return Err(ProtocolError::UnrecognizedOpcode(number));
        }
        if start.opcode.is_control() && !start.fin {
            return Err(ProtocolError::FragmentedControl(number));
        }
        if start.opcode.opens() && unfinished.is_some() {
            return Err(ProtocolError::InterruptedMessage(number));
        }
        Ok(start)
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
        start: FrameStart,
        length: u64,
        unfinished: Option<usize>,
    ) -> Result<(), ProtocolError> {
        if start.opcode.is_control() {
            return if length > MAX_CONTROL_PAYLOAD {
                Err(ProtocolError::ControlTooLong(length))
            } else {
                Ok(())
            };
        }
        self.check_frame_length(length)?;
        self.check_message_length(start.fin, length, unfinished)
    }

    fn check_frame_length(&self, length: u64) -> Result<(), ProtocolError> {
        if length <= self.max_frame {
            return Ok(());
        }
        Err(ProtocolError::FrameTooLarge {
            length,
            limit: usize::try_from(self.max_frame).unwrap_or(usize::MAX),
        })
    }

    fn check_message_length(
        &self,
        fin: bool,
        length: u64,
        unfinished: Option<usize>,
    ) -> Result<(), ProtocolError> {
        let so_far = match (unfinished, self.limited) {
            (None, MessageLimit::Fragmented) if fin => return Ok(()),
            (None, MessageLimit::Every | MessageLimit::Fragmented) => 0,
            (Some(so_far), MessageLimit::Every | MessageLimit::Fragmented) => so_far as u64,
        };
        match so_far.checked_add(length) {
            Some(total) if total <= self.max_message => Ok(()),
            _ => Err(ProtocolError::TooLarge),
        }
    }
}

fn start(byte: u8) -> FrameStart {
    FrameStart {
        fin: byte & 0x80 != 0,
        rsv: Rsv::from_first_byte(byte),
        opcode: Opcode::of(byte),
    }
}

/// Returns the payload length and the bytes after it.
fn length(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    match short {
        126 => rest
            .split_first_chunk()
            .map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest)),
        127 => rest
            .split_first_chunk()
            .map(|(length, rest)| (u64::from_be_bytes(*length), rest)),
        short => Some((short.into(), rest)),
    }
}

/// Returns the masking key, if any, and the bytes after it.
fn key(masked: bool, rest: &[u8]) -> Option<(Option<MaskingKey>, &[u8])> {
    if masked {
        let (key, rest) = rest.split_first_chunk()?;
        Some((Some(*key), rest))
    } else {
        Some((None, rest))
    }
}

/// JavaScript's `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;
/// RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT
/// be fragmented."
pub(crate) const MAX_CONTROL_PAYLOAD: u64 = 125;

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder(masking: PeerMasking) -> Decoder {
        let policy = Policy {
            peer_masking: masking,
            max_message: 70_000,
            ..Policy::default()
        };
        Decoder::new(&policy, Rsv::default())
    }

    #[test]
    fn a_violation_is_refused_at_the_first_byte_that_shows_it() {
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
                "reserved bits and a reserved opcode",
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
                E::InterruptedMessage(1),
            ),
            (
                "binary inside a message",
                Optional,
                &[0x02],
                Some(5),
                E::InterruptedMessage(2),
            ),
            (
                "unmasked from a client",
                Required,
                &[0x81, 0x01],
                None,
                E::UnmaskedFrame,
            ),
            (
                "unmasked from a client, before a long length",
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
                "a continuation without a message",
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
                "above the limit together",
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
                "too large and unmasked",
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
    fn each_form_of_a_header_is_decoded() {
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
                "a masked empty text",
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
                "a continuation",
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
                "a longer length field than needed",
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
                start: FrameStart { fin, rsv, opcode },
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
