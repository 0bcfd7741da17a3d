//! Frame encoding, RFC 6455 §5.2, with the shortest form of the length.
//!
//! The caller decides whether a frame may be sent.

use bytes::BufMut as _;

use super::FrameStart;
use super::mask::{BLOCK, MaskingKey, mask};

/// The encoded header of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    bytes: [u8; MAX_HEADER],
    length: usize,
}

impl Header {
    /// Encodes the header of a frame with a payload of this length.
    #[inline]
    pub(crate) fn new(start: FrameStart, masking_key: Option<MaskingKey>, length: usize) -> Self {
        let mut bytes = [0; MAX_HEADER];
        let mut out = &mut bytes[..];
        out.put_u8(start.byte());
        let masked = if masking_key.is_some() { 0x80 } else { 0 };
        if length <= 125 {
            out.put_u8(masked | length as u8);
        } else if let Ok(length) = u16::try_from(length) {
            out.put_u8(masked | 126);
            out.put_u16(length);
        } else {
            out.put_u8(masked | 127);
            out.put_u64(length as u64);
        }
        if let Some(key) = masking_key {
            out.put_slice(&key);
        }
        let length = MAX_HEADER - out.len();
        Self { bytes, length }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Appends one frame to `out`.
#[inline]
pub(crate) fn encode(
    start: FrameStart,
    masking_key: Option<MaskingKey>,
    payload: &[u8],
    out: &mut Vec<u8>,
) {
    let header = Header::new(start, masking_key, payload.len());
    out.reserve(MAX_HEADER + payload.len());
    out.put_slice(header.as_slice());
    let Some(key) = masking_key else {
        out.put_slice(payload);
        return;
    };
    // Copies and masks block by block, so that the bytes are still in the cache when they are
    // masked. The length of a block is a multiple of the key's length.
    for block in payload.chunks(BLOCK) {
        let start = out.len();
        out.put_slice(block);
        mask(out.get_mut(start..).unwrap_or_default(), key, 0);
    }
}

/// The maximum length of a frame header, in bytes.
pub(crate) const MAX_HEADER: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Opcode;

    #[test]
    fn a_frame_has_the_shortest_length_field() {
        let cases: [(usize, &[u8]); 6] = [
            (0, &[0x82, 0]),
            (125, &[0x82, 125]),
            (126, &[0x82, 126, 0, 126]),
            (65_535, &[0x82, 126, 255, 255]),
            (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (70_000, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]),
        ];
        for (length, header) in cases {
            let mut out = Vec::new();
            let start = FrameStart::whole(Opcode::Binary);
            encode(start, None, &vec![7; length], &mut out);
            assert_eq!(&out[..header.len()], header, "{length}");
            assert_eq!(out.len(), header.len() + length);
        }
    }

    #[test]
    fn the_payload_is_masked_with_the_key_in_the_header() {
        // RFC 6455 §5.7, "a single-frame masked text message".
        let mut out = Vec::new();
        let key = Some([0x37, 0xFA, 0x21, 0x3D]);
        encode(FrameStart::whole(Opcode::Text), key, b"Hello", &mut out);
        assert_eq!(
            out,
            [
                0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58
            ]
        );
    }
}
