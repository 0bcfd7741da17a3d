//! Buffers of bytes that grow with fallible allocation, and records that rustls appends to them.
//!
//! Does not interpret the bytes.

use std::io;

use rustls::unbuffered::EncodeError;

/// Grows a buffer to at least `length` bytes. Returns an error if the allocator refuses.
pub(crate) fn grow(buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    if let Some(missing) = length.checked_sub(buffer.len()) {
        buffer.try_reserve(missing)?;
        buffer.resize(length, 0);
    }
    Ok(())
}

/// Appends bytes. Returns an error if the allocator refuses.
pub(crate) fn extend(to: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    to.try_reserve(bytes.len())?;
    to.extend_from_slice(bytes);
    Ok(())
}

/// Appends a record that rustls encodes.
pub(crate) fn append(
    to: &mut Vec<u8>,
    mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<(), EncodeError> {
    let start = to.len();
    if let Err(EncodeError::InsufficientSize(error)) = encode(&mut []) {
        to.resize(start + error.required_size, 0);
        let written = encode(to.get_mut(start..).unwrap_or_default())?;
        to.truncate(start + written);
    }
    Ok(())
}
