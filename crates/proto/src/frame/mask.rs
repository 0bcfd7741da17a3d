//! Masking, RFC 6455 §5.3: the XOR, and the source of masking keys.
//!
//! The policy decides which role masks.

use std::fmt;

/// The bytes copied and masked at a time: half of a common first-level data cache.
pub(crate) const BLOCK: usize = 16 * 1024;

/// The four bytes that are XORed with the payload.
pub type MaskingKey = [u8; 4];

/// Masks or unmasks `payload`, which begins at byte `offset` of the frame's payload.
#[inline]
pub fn mask(payload: &mut [u8], key: MaskingKey, offset: usize) {
    let [a, b, c, d] = rotated(key, offset);
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (blocks, tail) = payload.as_chunks_mut::<8>();
    for block in blocks {
        *block = (u64::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    // A block is two whole keys long, so the tail starts again at the key's first byte.
    for (byte, key) in tail.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
}

/// Unmasks a whole payload. Returns whether the result is ASCII, which is UTF-8 without another
/// look.
#[inline]
pub(crate) fn unmask_text(payload: &mut [u8], [a, b, c, d]: MaskingKey) -> bool {
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (blocks, tail) = payload.as_chunks_mut::<8>();
    let (mut seen, mut seen_last) = (0, 0);
    for block in blocks {
        let unmasked = u64::from_ne_bytes(*block) ^ wide;
        seen |= unmasked;
        *block = unmasked.to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
        seen_last |= *byte;
    }
    seen & NOT_ASCII == 0 && seen_last < 0x80
}

/// The highest bit of each byte, which no ASCII character has.
const NOT_ASCII: u64 = 0x8080_8080_8080_8080;

fn rotated(mut key: MaskingKey, offset: usize) -> MaskingKey {
    key.rotate_left(offset % 4);
    key
}

/// A source of unpredictable masking keys. RFC 6455 §5.3: "The masking key needs to be
/// unpredictable".
#[derive(Clone)]
pub struct MaskKeys {
    fill: fn(&mut [u8]),
}

impl MaskKeys {
    /// Creates a source from `fill`, which overwrites a buffer with unpredictable bytes. The core
    /// requests four bytes per frame. If each request costs a system call, `fill` should fetch many
    /// bytes at once.
    #[must_use]
    pub fn new(fill: fn(&mut [u8])) -> Self {
        Self { fill }
    }

    pub(crate) fn next_key(&mut self) -> MaskingKey {
        let mut key = MaskingKey::default();
        (self.fill)(&mut key);
        key
    }
}

impl fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskKeys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_follows_the_rfc_for_each_length_and_offset() {
        let key = [0x37, 0xFA, 0x21, 0x3D];
        for length in 0..70 {
            for offset in 0..9 {
                let mut payload: Vec<u8> = (0..length).collect();
                mask(&mut payload, key, offset);
                let octet = |i: u8| i ^ key[(usize::from(i) + offset) % 4];
                assert_eq!(
                    payload,
                    (0..length).map(octet).collect::<Vec<_>>(),
                    "{length} at {offset}"
                );
            }
        }
    }

    #[test]
    fn unmasking_finds_a_byte_that_is_not_ascii_at_every_place() {
        let key = [0x37, 0xFA, 0x21, 0xBD];
        for length in 0..70 {
            let text: Vec<u8> = (0..length).collect();
            for wrong in (0..text.len()).map(Some).chain([None]) {
                let mut expected = text.clone();
                if let Some(byte) = wrong.and_then(|at| expected.get_mut(at)) {
                    *byte |= 0x80;
                }
                let mut payload = expected.clone();
                mask(&mut payload, key, 0);
                assert_eq!(unmask_text(&mut payload, key), wrong.is_none(), "{wrong:?}");
                assert_eq!(payload, expected);
            }
        }
    }

    #[test]
    fn each_frame_has_a_new_masking_key() {
        fn counting(key: &mut [u8]) {
            static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            key.copy_from_slice(&next.to_be_bytes());
        }
        let mut keys = MaskKeys::new(counting);
        let first: Vec<u32> = (0..200)
            .map(|_| u32::from_be_bytes(keys.next_key()))
            .collect();
        assert_eq!(first, (0..200).collect::<Vec<_>>());
    }
}
