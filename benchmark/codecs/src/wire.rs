//! The bytes that all codecs decode, and the messages in them.

use bytes::Bytes;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Text,
    Binary,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) payload: Bytes,
}

/// Messages as a client sends them, and as a server does.
pub(crate) struct Wire {
    pub(crate) messages: Vec<Message>,
    /// The masked frames.
    pub(crate) bytes: Vec<u8>,
    /// The ends of the chunks in which they arrive.
    pub(crate) chunks: Vec<usize>,
    /// The same messages, each in one frame without a mask.
    pub(crate) replies: Vec<u8>,
}

impl Wire {
    /// Puts each message into one frame, and each frame into one chunk.
    pub(crate) fn frame_by_frame(kind: Kind, payloads: &[Vec<u8>]) -> Self {
        let mut wire = Self::in_chunks(kind, payloads);
        let mut end = 0;
        wire.chunks = wire
            .messages
            .iter()
            .map(|message| {
                end += header(0, message.payload.len()).len() + 4 + message.payload.len();
                end
            })
            .collect();
        assert_eq!(end, wire.bytes.len());
        wire
    }

    /// Puts each message into one frame, and the frames into chunks of 64 KiB.
    pub(crate) fn in_chunks(kind: Kind, payloads: &[Vec<u8>]) -> Self {
        Self::fragmented(kind, payloads, 1)
    }

    /// Divides each message into this number of frames, and the frames into chunks of 64 KiB.
    pub(crate) fn fragmented(kind: Kind, payloads: &[Vec<u8>], fragments: usize) -> Self {
        let (mut bytes, mut replies) = (Vec::new(), Vec::new());
        let opcode = match kind {
            Kind::Text => 1,
            Kind::Binary => 2,
        };
        for (number, payload) in payloads.iter().enumerate() {
            replies.extend(header(0x80 | opcode, payload.len()));
            replies.extend(payload);
            let pieces: Vec<_> = payload.chunks(payload.len().div_ceil(fragments)).collect();
            for (index, piece) in pieces.iter().enumerate() {
                let fin = if index + 1 == pieces.len() { 0x80 } else { 0 };
                let opcode = if index == 0 { opcode } else { 0 };
                let mut head = header(fin | opcode, piece.len());
                head[1] |= 0x80;
                let key = (number as u32)
                    .wrapping_mul(0x9E37_79B9)
                    .wrapping_add(index as u32);
                let key = key.to_be_bytes();
                bytes.extend(head);
                bytes.extend(key);
                bytes.extend(
                    piece
                        .iter()
                        .zip(key.iter().cycle())
                        .map(|(byte, key)| byte ^ key),
                );
            }
        }
        let message = |payload: &Vec<u8>| Message {
            kind,
            payload: Bytes::copy_from_slice(payload),
        };
        Self {
            messages: payloads.iter().map(message).collect(),
            chunks: (CHUNK..bytes.len())
                .step_by(CHUNK)
                .chain([bytes.len()])
                .collect(),
            bytes,
            replies,
        }
    }
}

/// Returns the header of an unmasked frame.
fn header(first: u8, length: usize) -> Vec<u8> {
    match length {
        0..126 => vec![first, length as u8],
        126..65_536 => [[first, 126].as_slice(), &(length as u16).to_be_bytes()].concat(),
        _ => [[first, 127].as_slice(), &(length as u64).to_be_bytes()].concat(),
    }
}

const CHUNK: usize = 64 * 1024;
