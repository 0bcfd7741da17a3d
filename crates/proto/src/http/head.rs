//! Response heads, from servers and from proxies.
//!
//! Knows where a head ends, how large it may be, and what it says. Does not know what the answer
//! means.

use crate::error::HandshakeError;

/// Status and headers of an answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order of arrival; the values of a repeated header are joined with
    /// a comma and a space.
    pub headers: Vec<(String, String)>,
}

impl ResponseHead {
    /// The value of the header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        let name = name.to_ascii_lowercase();
        let value = String::from_utf8_lossy(value);
        match self.headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, joined)) => {
                joined.push_str(", ");
                joined.push_str(&value);
            }
            None => self.headers.push((name, value.into_owned())),
        }
    }
}

/// Looks for the end of a head in bytes that arrive piece by piece. Each byte is looked at once, and
/// the head is parsed twice at most: its first line as soon as it is there, to be done with peers that
/// do not speak HTTP, and all of it at the end.
#[derive(Debug, Default)]
pub(crate) struct HeadScanner {
    scanned: usize,
    lines: usize,
    line_is_empty: bool,
}

impl HeadScanner {
    /// The head at the front of `bytes` and its size, or `None` until it is complete. Between calls
    /// `bytes` may only grow.
    pub(crate) fn response(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<(ResponseHead, usize)>, HandshakeError> {
        let before = self.lines;
        let end = self.scan(bytes);
        let too_long = end.unwrap_or(bytes.len()) > MAX_HEAD || self.lines > MAX_LINES;
        if too_long
            || !bytes
                .iter()
                .zip(b"HTTP/")
                .all(|(byte, expected)| byte == expected)
        {
            return Err(HandshakeError::MalformedResponse);
        }
        match end {
            Some(end) => {
                let head = bytes.get(..end).unwrap_or_default();
                parse_response(head)?
                    .map(|head| Some((head, end)))
                    .ok_or(HandshakeError::MalformedResponse)
            }
            None => {
                if before == 0 && self.lines > 0 {
                    // Not what follows it: that may be here by chance.
                    let first_line = bytes.split_inclusive(|&byte| byte == b'\n').next();
                    parse_response(first_line.unwrap_or_default())?;
                }
                Ok(None)
            }
        }
    }

    /// The size of the head: up to and including its empty line.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        for &byte in bytes.get(self.scanned..).unwrap_or_default() {
            self.scanned += 1;
            match byte {
                b'\n' if self.line_is_empty && self.lines > 0 => return Some(self.scanned),
                b'\n' => {
                    self.lines += 1;
                    self.line_is_empty = true;
                }
                b'\r' => {}
                _ => self.line_is_empty = false,
            }
            if self.scanned > MAX_HEAD || self.lines > MAX_LINES {
                return None;
            }
        }
        None
    }
}

/// Lines without a colon are skipped, as Node's parser for clients and websocket-driver's did.
fn parse_response(bytes: &[u8]) -> Result<Option<ResponseHead>, HandshakeError> {
    let mut headers = vec![httparse::EMPTY_HEADER; MAX_LINES];
    let mut response = httparse::Response::new(&mut headers);
    let mut config = httparse::ParserConfig::default();
    config.ignore_invalid_headers_in_responses(true);
    config.allow_obsolete_multiline_headers_in_responses(true);
    let status = config.parse_response(&mut response, bytes);
    if status
        .map_err(|_| HandshakeError::MalformedResponse)?
        .is_partial()
    {
        return Ok(None);
    }
    let mut head = ResponseHead {
        status: response.code.unwrap_or(0),
        headers: Vec::new(),
    };
    for header in response.headers.iter() {
        head.add(header.name, header.value);
    }
    Ok(Some(head))
}

const MAX_HEAD: usize = 64 * 1024;
const MAX_LINES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn response(bytes: &[u8]) -> Result<Option<(ResponseHead, usize)>, HandshakeError> {
        let whole = HeadScanner::default().response(bytes);
        let mut scanner = HeadScanner::default();
        let mut cut = Ok(None);
        for end in 1..=bytes.len() {
            cut = scanner.response(&bytes[..end]);
            if !matches!(cut, Ok(None)) {
                break;
            }
        }
        assert_eq!(
            whole.is_err(),
            cut.is_err(),
            "cutting the head changed the verdict"
        );
        if whole.is_ok() {
            assert_eq!(whole, cut, "cutting the head changed the result");
        }
        whole
    }

    #[test]
    fn reads_status_and_headers_and_leaves_what_follows() {
        let bytes = b"HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nno colon\r\nX: 1\r\nx:  2 \r\n\r\n\x81\x00";
        let (head, size) = response(bytes).unwrap().unwrap();
        assert_eq!(head.status, 101);
        assert_eq!(head.header("upgrade"), Some("WebSocket"));
        assert_eq!(head.header("x"), Some("1, 2"));
        assert_eq!(&bytes[size..], b"\x81\x00");
    }

    #[test]
    fn judges_an_unfinished_head_by_its_first_line_wherever_it_was_cut() {
        assert_eq!(response(b"HTTP/1.1 101 Hi\r\nX: \0\r\n"), Ok(None));
        assert!(response(b"HTTP/1.1 101 Hi\r\nX: \0\r\n\r\n").is_err());
    }

    #[test]
    fn refuses_what_is_not_http() {
        let cases: [&[u8]; 4] = [
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 abc Hi\r\n\r\n",
            b"HTTQ",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ];
        for bytes in cases {
            assert!(response(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_head_without_end_is_refused_at_its_limit() {
        let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; MAX_HEAD]].concat();
        assert_eq!(
            HeadScanner::default().response(&endless),
            Err(HandshakeError::MalformedResponse)
        );
        let lines = [
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            b"A: b\r\n".repeat(MAX_LINES),
        ]
        .concat();
        assert_eq!(
            HeadScanner::default().response(&lines),
            Err(HandshakeError::MalformedResponse)
        );
    }
}
