//! The protocol of the floor: the answer to an opening handshake, and frames without checks.

use base64::prelude::*;
use sha1::{Digest, Sha1};

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The additional bytes in a client's header, compared with the header of a server's frame with the same payload.
pub(crate) const KEY: usize = 4;

/// Returns the lengths of the header and of the payload if the header is complete.
pub(crate) fn client_header(bytes: &[u8]) -> Option<(usize, usize)> {
    let &[_, second, ref rest @ ..] = bytes else {
        return None;
    };
    let (header, length) = match second & 0x7f {
        126 => (4, u16::from_be_bytes(*rest.first_chunk()?).into()),
        127 => (10, u64::from_be_bytes(*rest.first_chunk()?) as usize),
        short => (2, short.into()),
    };
    (bytes.len() >= header + KEY).then_some((header + KEY, length))
}

pub(crate) fn frame_length(bytes: &[u8]) -> Option<usize> {
    client_header(bytes).map(|(header, length)| header + length)
}

pub(crate) fn unmask(payload: &mut [u8], key: [u8; KEY]) {
    let wide = u64::from_ne_bytes([
        key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3],
    ]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

pub(crate) fn append(output: &mut Vec<u8>, first: u8, payload: &[u8]) {
    append_header(output, first, payload.len());
    output.extend_from_slice(payload);
}

pub(crate) fn append_header(output: &mut Vec<u8>, first: u8, length: usize) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => output.extend([first, short]),
        (_, Ok(length)) => {
            output.extend([first, 126]);
            output.extend(length.to_be_bytes());
        }
        _ => {
            output.extend([first, 127]);
            output.extend((length as u64).to_be_bytes());
        }
    }
}

pub(crate) fn upgrade(request: &[u8], output: &mut Vec<u8>) {
    let request = String::from_utf8_lossy(request);
    let key = request
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Key"))
        .map_or("", |(_, value)| value.trim());
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let accept = BASE64_STANDARD.encode(digest);
    output.extend_from_slice(
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .as_bytes(),
    );
}
