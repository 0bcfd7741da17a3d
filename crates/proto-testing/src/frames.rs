//! Frames and payloads from a peer.

use zlib_rs::{Deflate, DeflateFlush};

/// Returns a whole frame with this first byte.
pub fn frame(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mask_bit = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        length @ ..126 => bytes.push(mask_bit | length as u8),
        length @ ..65_536 => {
            bytes.push(mask_bit | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(mask_bit | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let octets = key.unwrap_or_default().into_iter().cycle();
    bytes.extend(key.into_iter().flatten());
    bytes.extend(payload.iter().zip(octets).map(|(byte, key)| byte ^ key));
    bytes
}

/// Returns the payload of a compressed message: its blocks without the tail, RFC 7692 §7.2.1.
pub fn deflated(deflate: &mut Deflate, message: &[u8]) -> Vec<u8> {
    // At low levels, noise needs nine bits per byte.
    let mut compressed = vec![0; message.len() + message.len() / 8 + 100];
    let before = deflate.total_out();
    deflate
        .compress(message, &mut compressed, DeflateFlush::SyncFlush)
        .expect("the last message is complete");
    compressed.truncate((deflate.total_out() - before) as usize);
    if compressed.is_empty() {
        return vec![0x00];
    }
    assert!(compressed.ends_with(&[0x00, 0x00, 0xFF, 0xFF]));
    compressed.truncate(compressed.len() - 4);
    compressed
}

/// Returns pseudo-random bytes, always the same.
pub fn noise(length: usize) -> Vec<u8> {
    let mut random = 88_172_645_463_325_252u64;
    let next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
