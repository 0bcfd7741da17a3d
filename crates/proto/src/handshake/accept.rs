//! Keys and accept values, RFC 6455 §4.2.2, and basic credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// The 16 random bytes of a client's key.
pub type Nonce = [u8; 16];

/// Returns the value of `Sec-WebSocket-Accept`, which proves that the server has read the key.
///
/// ```
/// use proto::handshake::accept::accept_value;
///
/// assert_eq!(accept_value("JFBCWHksyIpXV+6Wlq/9pw=="), "JdiiuafpBKRqD7eol0y4vJDTsTs=");
/// ```
#[must_use]
pub fn accept_value(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID.as_bytes());
    STANDARD.encode(hash.finalize())
}

/// Returns the value of `Sec-WebSocket-Key` for a nonce.
#[must_use]
pub fn key(nonce: Nonce) -> String {
    STANDARD.encode(nonce)
}

/// Returns whether `value` is a key. RFC 6455 §4.2.1: "a base64-encoded value that, when decoded,
/// is 16 bytes in length".
pub(crate) fn is_key(value: &str) -> bool {
    STANDARD
        .decode(value)
        .is_ok_and(|nonce| nonce.len() == size_of::<Nonce>())
}

/// Returns the value of `Authorization` or `Proxy-Authorization` for the user and password of a
/// URL. Returns `None` unless the URL contains both.
pub(crate) fn basic_credentials(username: &str, password: &str) -> Option<String> {
    let both = !username.is_empty() && !password.is_empty();
    both.then(|| {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{username}:{password}"))
        )
    })
}

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_16_bytes_in_base64() {
        let cases = [
            ("JFBCWHksyIpXV+6Wlq/9pw==", true),
            ("JFBCWHksyIpXV+6Wlq/9pw", false),
            ("JFBCWHksyIpXV+6Wlq/9p===", false),
            ("JFBCWHksyIpXV+6Wlq/9p A==", false),
            ("", false),
            ("AAAA", false),
            ("JFBCWHksyIpXV+6Wlq/9pw==, JFBCWHksyIpXV+6Wlq/9pw==", false),
        ];
        for (value, expected) in cases {
            assert_eq!(is_key(value), expected, "{value:?}");
        }
    }
}
