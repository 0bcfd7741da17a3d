//! Frames of RFC 6455: the headers of a server's frames, and masked frames of a client.
//!
//! Knows no sockets and no compression. Does not check the order of frames, which `replies.rs` does.

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;

/// The longest header of an unmasked frame: two bytes and a length of eight.
pub(crate) const LONGEST_HEADER: usize = 10;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const OTHER_RESERVED: u8 = 0x30;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;

/// The header of a server's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) opcode: u8,
    pub(crate) length: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Header(FrameHeader),
    /// The header has at least this many bytes.
    Needs(usize),
    /// A server may not send such a header.
    Illegal,
}

impl FrameHeader {
    /// Parses the bytes of a header, and nothing after it.
    pub(crate) fn parse(bytes: &[u8]) -> Parsed {
        let &[first, second, ref extended @ ..] = bytes else {
            return Parsed::Needs(2);
        };
        if first & OTHER_RESERVED != 0 || second & MASKED != 0 {
            return Parsed::Illegal;
        }
        let length = match second {
            126 => match extended.first_chunk() {
                Some(&bytes) => u64::from(u16::from_be_bytes(bytes)),
                None => return Parsed::Needs(4),
            },
            127 => match extended.first_chunk() {
                Some(&bytes) => u64::from_be_bytes(bytes),
                None => return Parsed::Needs(10),
            },
            short => u64::from(short),
        };
        Parsed::Header(FrameHeader {
            fin: first & FIN != 0,
            rsv1: first & RSV1 != 0,
            opcode: first & OPCODE,
            length,
        })
    }

    pub(crate) fn is_control(&self) -> bool {
        self.opcode & 0x8 != 0
    }
}

/// Appends a client's frame: one whole message, its payload masked with `key`.
pub(crate) fn append_masked(
    wire: &mut Vec<u8>,
    opcode: u8,
    rsv1: bool,
    key: [u8; 4],
    payload: &[u8],
) {
    wire.push(FIN | opcode | if rsv1 { RSV1 } else { 0 });
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => wire.push(MASKED | length),
        (_, Ok(length)) => {
            wire.push(MASKED | 126);
            wire.extend(length.to_be_bytes());
        }
        _ => {
            wire.push(MASKED | 127);
            wire.extend((payload.len() as u64).to_be_bytes());
        }
    }
    wire.extend(key);
    wire.extend(
        payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(fin: bool, rsv1: bool, opcode: u8, length: u64) -> Parsed {
        Parsed::Header(FrameHeader {
            fin,
            rsv1,
            opcode,
            length,
        })
    }

    #[test]
    fn headers_of_every_length_are_read() {
        let rows: &[(&[u8], Parsed)] = &[
            (&[0x81, 0], header(true, false, TEXT, 0)),
            (&[0xc1, 125], header(true, true, TEXT, 125)),
            (&[0x02, 7], header(false, false, BINARY, 7)),
            (&[0x80, 7], header(true, false, CONTINUATION, 7)),
            (&[0x88, 2], header(true, false, CLOSE, 2)),
            (&[0x82, 126, 0x01, 0x00], header(true, false, BINARY, 256)),
            (
                &[0x82, 127, 0, 0, 0, 1, 0, 0, 0, 2],
                header(true, false, BINARY, (1 << 32) + 2),
            ),
        ];
        for (bytes, expected) in rows {
            assert_eq!(&FrameHeader::parse(bytes), expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_part_of_a_header_determines_its_minimum_length() {
        let rows: &[(&[u8], usize)] = &[
            (&[], 2),
            (&[0x81], 2),
            (&[0x81, 126], 4),
            (&[0x81, 126, 1], 4),
            (&[0x81, 127, 0, 0, 0, 0, 0, 0, 1], 10),
        ];
        for (bytes, needs) in rows {
            assert_eq!(
                FrameHeader::parse(bytes),
                Parsed::Needs(*needs),
                "{bytes:02x?}"
            );
        }
    }

    #[test]
    fn masked_frames_and_unknown_bits_of_a_server_are_detected() {
        for bytes in [[0x81, 0x85], [0xa1, 5], [0x91, 5]] {
            assert_eq!(FrameHeader::parse(&bytes), Parsed::Illegal, "{bytes:02x?}");
        }
    }

    #[test]
    fn masked_frames_have_the_shortest_length_and_a_masked_payload() {
        let rows: &[(usize, &[u8])] = &[
            (1, &[0xc1, 0x81]),
            (125, &[0xc1, 0xfd]),
            (126, &[0xc1, 0xfe, 0, 126]),
            (65_535, &[0xc1, 0xfe, 0xff, 0xff]),
            (65_536, &[0xc1, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]),
        ];
        let key = [1, 2, 3, 4];
        for (length, header) in rows {
            let payload: Vec<u8> = (0..*length).map(|index| index as u8).collect();
            let mut wire = Vec::new();
            append_masked(&mut wire, TEXT, true, key, &payload);
            let (start, rest) = wire.split_at(header.len());
            assert_eq!(&start, header, "{length}");
            assert_eq!(rest[..4], key, "{length}");
            for (index, byte) in rest[4..].iter().enumerate() {
                assert_eq!(byte ^ key[index % 4], payload[index], "{length}: {index}");
            }
            assert_eq!(rest.len() - 4, *length);
        }
    }
}
