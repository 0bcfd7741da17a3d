//! Bytes of a peer, and where they are cut.
//!
//! An input begins with four sizes of pieces, which repeat, and a filler: position and length, two bytes
//! each, the byte that fills, and a byte that switches it on when it is `*`. It lets a short input reach
//! limits of 64 KiB. The rest is the stream.

use arbitrary::{Result, Unstructured};

/// A stream of bytes, to be received whole or in pieces.
#[derive(Debug)]
pub struct Stream {
    bytes: Vec<u8>,
    sizes: [u8; 4],
}

/// How a stream is handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// In one piece.
    Whole,
    /// As the input says.
    Sizes,
    /// Byte by byte; but the middle of a long stream in one piece, because that takes its time.
    Bytes,
}

impl Stream {
    /// The rest of `input`.
    ///
    /// # Errors
    /// When the input is too short.
    pub fn take(input: &mut Unstructured<'_>) -> Result<Self> {
        let sizes = input.arbitrary()?;
        let position = usize::from(input.arbitrary::<u16>()?);
        let length = usize::from(input.arbitrary::<u16>()?);
        let [filler, switch] = input.arbitrary::<[u8; 2]>()?;
        let rest = input.peek_bytes(input.len()).unwrap_or_default();
        let (front, back) = rest.split_at(position.min(rest.len()));
        // Long streams are slow: chance should seldom make one.
        let length = if switch == b'*' { length } else { 0 };
        let bytes = [front, &vec![filler; length], back].concat();
        Ok(Self { bytes, sizes })
    }

    /// The stream in pieces, none of them empty.
    pub fn pieces(&self, cut: Cut) -> Vec<&[u8]> {
        let mut pieces = Vec::new();
        let mut rest = self.bytes.as_slice();
        let mut sizes = self.sizes.iter().cycle();
        while !rest.is_empty() {
            let size = match cut {
                Cut::Whole => rest.len(),
                Cut::Bytes if pieces.len() == HEAD && rest.len() > TAIL => rest.len() - TAIL,
                Cut::Bytes => 1,
                // The upper half of a byte's values means pieces of 512 bytes to 64 KiB.
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

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// How much of a long stream is received byte by byte, at its beginning and at its end.
const HEAD: usize = 600;
const TAIL: usize = 200;
