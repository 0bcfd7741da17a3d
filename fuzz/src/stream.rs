//! Bytes from a peer, and their chunks.
//!
//! An input begins with four chunk sizes, which repeat, and a filler: its position and its length
//! in two bytes each, its byte, and a byte that enables it when it is `*`. With the filler, a short
//! input reaches limits of 64 KiB. The rest of the input is the stream.

use arbitrary::{Result, Unstructured};

/// A stream of bytes, received in one chunk or in several.
#[derive(Debug)]
pub struct Stream {
    bytes: Vec<u8>,
    sizes: [u8; 4],
}

/// The division of a stream into chunks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// One chunk.
    Whole,
    /// The chunk sizes in the input.
    Sizes,
    /// Byte by byte, except for the middle of a long stream, which is one chunk to save time.
    Bytes,
}

impl Stream {
    /// Takes the rest of `input`.
    ///
    /// # Errors
    /// If the input is too short.
    pub fn take(input: &mut Unstructured<'_>) -> Result<Self> {
        let sizes = input.arbitrary()?;
        let position = usize::from(input.arbitrary::<u16>()?);
        let length = usize::from(input.arbitrary::<u16>()?);
        let [filler, switch] = input.arbitrary::<[u8; 2]>()?;
        let rest = input.peek_bytes(input.len()).unwrap_or_default();
        let (front, back) = rest.split_at(position.min(rest.len()));
        // Long streams are slow, so chance should rarely produce one.
        let length = if switch == b'*' { length } else { 0 };
        let bytes = [front, &vec![filler; length], back].concat();
        Ok(Self { bytes, sizes })
    }

    /// Returns the chunks of the stream, none of them empty.
    pub fn pieces(&self, cut: Cut) -> Vec<&[u8]> {
        let mut pieces = Vec::new();
        let mut rest = self.bytes.as_slice();
        let mut sizes = self.sizes.iter().cycle();
        while !rest.is_empty() {
            let size = match cut {
                Cut::Whole => rest.len(),
                Cut::Bytes if pieces.len() == HEAD && rest.len() > TAIL => rest.len() - TAIL,
                Cut::Bytes => 1,
                // Values from 128 on mean chunks of 512 bytes to 64 KiB.
                Cut::Sizes => match sizes.next().copied().map(usize::from) {
                    Some(size @ 0..=127) => size + 1,
                    Some(size) => (size - 127) * 512,
                    None => rest.len(),
                },
            };
            let (piece, more) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        pieces
    }

    /// Returns the whole stream.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The bytes of a long stream that are received byte by byte, at its beginning and at its end.
const HEAD: usize = 600;
const TAIL: usize = 200;
