//! The opening handshake of draft-hixie-thewebsocketprotocol-76.
//!
//! Computes the proof that the server has read both keys and the body. The body may arrive later
//! than the head: some proxies hold it back until they have seen our response.

use md5::{Digest as _, Md5};

use super::draft75::response;
use crate::error::HandshakeError;
use crate::http::headers::HeaderList;
use crate::http::request::Request;

/// The numbers encoded in a request's keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct KeyNumbers([u32; 2]);

/// Returns the head of the response. The proof follows when the body of the request has arrived.
pub(crate) fn accept(
    request: &Request,
    custom: &HeaderList,
) -> Result<(String, KeyNumbers), HandshakeError> {
    if !request.upgrades_to_websocket() {
        return Err(HandshakeError::NotWebSocket);
    }
    let key = |name: &str, shown| {
        let key = request.header(name).filter(|key| !key.is_empty());
        key.ok_or(HandshakeError::MissingDraftKey(shown))
    };
    let keys = [
        key("sec-websocket-key1", "Sec-WebSocket-Key1")?,
        key("sec-websocket-key2", "Sec-WebSocket-Key2")?,
    ];
    let number = |key| key_number(key).ok_or(HandshakeError::InvalidDraftKeys);
    let numbers = KeyNumbers([number(keys[0])?, number(keys[1])?]);
    let head = response(
        request,
        custom,
        "WebSocket Protocol Handshake",
        "Sec-WebSocket-",
    )?;
    Ok((head, numbers))
}

/// Returns the proof, the 16 bytes that end the handshake.
pub(crate) fn signature(numbers: KeyNumbers, body: [u8; BODY]) -> [u8; 16] {
    let mut hash = Md5::new();
    for number in numbers.0 {
        hash.update(number.to_be_bytes());
    }
    hash.update(body);
    hash.finalize().into()
}

/// Returns the number formed by the digits, divided by the number of spaces. The division must be
/// exact.
fn key_number(key: &str) -> Option<u32> {
    let spaces = key.bytes().filter(|&byte| byte == b' ').count() as u64;
    let digits = key
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|byte| u64::from(byte - b'0'));
    let append = |number: u64, digit| number.checked_mul(10)?.checked_add(digit);
    let number = digits.into_iter().try_fold(0, append)?;
    if number == 0 || spaces == 0 || !number.is_multiple_of(spaces) {
        return None;
    }
    u32::try_from(number / spaces).ok()
}

/// The length of the request's body in bytes.
pub(crate) const BODY: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_depends_on_both_keys_and_the_body() {
        let numbers = KeyNumbers([
            key_number("1   38 wZ3f9 23O0 3l 0r").unwrap(),
            key_number("27   0E 6 2  1665:< ;U 1H").unwrap(),
        ]);
        let body = [0x91, 0x25, 0x3E, 0xD3, 0xA9, 0xE7, 0x6A, 0x88];
        let expected = 0xb49c_6e40_5304_0426_e51b_bf6c_b79f_1df9_u128.to_be_bytes();
        assert_eq!(signature(numbers, body), expected);
    }

    #[test]
    fn a_key_needs_digits_and_spaces_that_divide_its_number() {
        let cases = [
            ("no digits", "a b", None),
            ("no spaces", "12", None),
            ("zero", "0 ", None),
            ("not a multiple", "5  ", None),
            ("the largest", "4294967295 ", Some(u32::MAX)),
            ("above the largest", "4294967296 ", None),
            ("beyond every integer", "99999999999999999999999999 ", None),
            ("a valid key", "1 2 ", Some(6)),
        ];
        for (name, key, expected) in cases {
            assert_eq!(key_number(key), expected, "{name}");
        }
    }
}
