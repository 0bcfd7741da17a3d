//! Parsing of request and response heads: their end, their limits and their fields.
//!
//! The handshakes interpret the fields.

use super::headers::{Headers, find};
use crate::error::HandshakeError;

/// The method, target and headers of a request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RequestHead {
    /// The method, as sent.
    pub method: String,
    /// The request target.
    pub target: String,
    /// Whether the version is HTTP/1.1.
    pub is_http_1_1: bool,
    /// The headers.
    pub headers: Headers,
}

/// The status and headers of a response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
}

impl ResponseHead {
    /// Returns the value of the header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// Joins repeated headers.
fn collect(parsed: &[httparse::Header<'_>]) -> Headers {
    let mut headers = Headers::new();
    for header in parsed {
        let name = header.name.to_ascii_lowercase();
        let value = String::from_utf8_lossy(header.value);
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, joined)) => {
                joined.push_str(", ");
                joined.push_str(&value);
            }
            None => headers.push((name, value.into_owned())),
        }
    }
    headers
}

/// Finds the end of a head in bytes that arrive in chunks. Scans each byte once. Parses a head at
/// most twice: its first line as soon as it is complete, which detects peers that do not speak
/// HTTP, and then the whole head.
#[derive(Debug, Default)]
pub(crate) struct HeadScanner {
    scanned: usize,
    lines: usize,
    line_is_empty: bool,
    /// Whether a line that is not empty has arrived. RFC 9112 §2.2 asks servers to skip empty lines
    /// before a request.
    has_begun: bool,
}

impl HeadScanner {
    /// Returns the response head at the front of `bytes` and its size, or `None` until the head is
    /// complete. Between calls, `bytes` may only grow.
    pub(crate) fn response(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<(ResponseHead, usize)>, HandshakeError> {
        if !bytes
            .iter()
            .zip(b"HTTP/")
            .all(|(byte, expected)| byte == expected)
        {
            return Err(HandshakeError::MalformedResponse);
        }
        self.head(bytes, parse_response)
            .map_err(|_| HandshakeError::MalformedResponse)
    }

    /// Returns the request head at the front of `bytes`, under the same conditions.
    pub(crate) fn request(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<(RequestHead, usize)>, httparse::Error> {
        self.head(bytes, parse_request)
    }

    fn head<Head>(
        &mut self,
        bytes: &[u8],
        parse: impl Fn(&[u8]) -> Result<Option<Head>, httparse::Error>,
    ) -> Result<Option<(Head, usize)>, httparse::Error> {
        let before = self.lines;
        let end = self.scan(bytes);
        if end.unwrap_or(bytes.len()) > MAX_HEAD || self.lines > MAX_LINES {
            return Err(httparse::Error::TooManyHeaders);
        }
        let Some(end) = end else {
            if before == 0 && self.lines > 0 {
                // Parses only the first line. Later bytes depend on how the head was cut into
                // chunks.
                let first_line = bytes.split_inclusive(|&byte| byte == b'\n').next();
                parse(first_line.unwrap_or_default())?;
            }
            return Ok(None);
        };
        let head = parse(bytes.get(..end).unwrap_or_default())?;
        Ok(head.map(|head| (head, end)))
    }

    /// Returns the size of the head, including its empty line.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        for &byte in bytes.get(self.scanned..).unwrap_or_default() {
            self.scanned += 1;
            match byte {
                b'\n' if self.line_is_empty && self.has_begun => return Some(self.scanned),
                b'\n' => {
                    self.lines += 1;
                    self.line_is_empty = true;
                }
                b'\r' => {}
                _ => {
                    self.line_is_empty = false;
                    self.has_begun = true;
                }
            }
            if self.scanned > MAX_HEAD || self.lines > MAX_LINES {
                return None;
            }
        }
        None
    }
}

/// Skips lines without a colon, as Node's parser for clients did.
fn parse_response(bytes: &[u8]) -> Result<Option<ResponseHead>, httparse::Error> {
    let mut headers = vec![httparse::EMPTY_HEADER; MAX_LINES];
    let mut response = httparse::Response::new(&mut headers);
    let mut config = httparse::ParserConfig::default();
    config.ignore_invalid_headers_in_responses(true);
    config.allow_obsolete_multiline_headers_in_responses(true);
    if config.parse_response(&mut response, bytes)?.is_partial() {
        return Ok(None);
    }
    let status = response.code.unwrap_or(0);
    Ok(Some(ResponseHead {
        status,
        headers: collect(response.headers),
    }))
}

fn parse_request(bytes: &[u8]) -> Result<Option<RequestHead>, httparse::Error> {
    let mut headers = vec![httparse::EMPTY_HEADER; MAX_LINES];
    let mut request = httparse::Request::new(&mut headers);
    let mut config = httparse::ParserConfig::default();
    config.ignore_invalid_headers_in_requests(true);
    if config.parse_request(&mut request, bytes)?.is_partial() {
        return Ok(None);
    }
    Ok(Some(RequestHead {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        is_http_1_1: request.version == Some(1),
        headers: collect(request.headers),
    }))
}

/// Reads a request head from bytes that arrive in chunks.
#[derive(Debug, Default)]
pub struct RequestReader {
    bytes: Vec<u8>,
    scanner: HeadScanner,
}

/// The result of a [`RequestReader`].
#[derive(Debug)]
pub struct RequestRead<'a> {
    /// The head, or `None` if the bytes are not an HTTP request or exceed the limits.
    pub head: Option<RequestHead>,
    /// The bytes after the head.
    pub body: &'a [u8],
}

impl RequestReader {
    /// Adds bytes. Returns the request when its head is complete.
    pub fn receive(&mut self, bytes: &[u8]) -> Option<RequestRead<'_>> {
        self.bytes.extend_from_slice(bytes);
        match self.scanner.request(&self.bytes) {
            Ok(None) => None,
            Ok(Some((head, size))) => {
                let body = self.bytes.get(size..).unwrap_or_default();
                Some(RequestRead {
                    head: Some(head),
                    body,
                })
            }
            Err(_) => Some(RequestRead {
                head: None,
                body: &[],
            }),
        }
    }
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
            "the chunks changed the verdict"
        );
        if whole.is_ok() {
            assert_eq!(whole, cut, "the chunks changed the result");
        }
        whole
    }

    #[test]
    fn a_response_head_ends_before_the_first_frame() {
        let bytes = b"HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nno colon\r\nX: 1\r\nx:  2 \r\n\r\n\x81\x00";
        let (head, size) = response(bytes).unwrap().unwrap();
        assert_eq!(head.status, 101);
        assert_eq!(head.header("upgrade"), Some("WebSocket"));
        assert_eq!(head.header("x"), Some("1, 2"));
        assert_eq!(&bytes[size..], b"\x81\x00");
    }

    #[test]
    fn a_request_is_read_from_chunks_of_any_size() {
        let bytes = b"GET /chat?a=1 HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\n\r\nbody";
        for size in [1, 7, bytes.len()] {
            let mut reader = RequestReader::default();
            let mut chunks = bytes.chunks(size);
            let mut used = 0;
            let (head, body) = loop {
                let chunk = chunks.next().unwrap();
                used += chunk.len();
                if let Some(read) = reader.receive(chunk) {
                    break (read.head.unwrap(), read.body.to_vec());
                }
            };
            assert_eq!(
                (head.method.as_str(), head.target.as_str()),
                ("GET", "/chat?a=1")
            );
            assert!(head.is_http_1_1);
            assert_eq!(head.headers[1], ("x".to_owned(), "1, 2".to_owned()));
            assert_eq!(
                [&body, &bytes[used..]].concat(),
                b"body",
                "chunks of {size}"
            );
        }
    }

    #[test]
    fn empty_lines_before_a_request_are_skipped() {
        let bytes = b"\r\n\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for cut in 1..bytes.len() {
            let mut reader = RequestReader::default();
            let (front, back) = bytes.split_at(cut);
            assert!(reader.receive(front).is_none(), "cut at {cut}");
            let read = reader.receive(back);
            let head = read.and_then(|read| read.head);
            assert_eq!(head.unwrap().method, "GET", "cut at {cut}");
        }
    }

    #[test]
    fn endless_empty_lines_are_not_a_request() {
        let mut reader = RequestReader::default();
        let read = reader.receive(&[b'\n'; MAX_LINES + 1]);
        assert!(read.unwrap().head.is_none());
    }

    #[test]
    fn an_invalid_request_is_reported_without_a_head() {
        for bytes in [&b"nonsense\r\n"[..], b"\x16\x03\x01", &[b'a'; MAX_HEAD + 1]] {
            let mut reader = RequestReader::default();
            let read = reader.receive(bytes);
            let complete = read.is_some_and(|read| read.head.is_none());
            assert_eq!(complete, bytes.len() > 3, "{} bytes", bytes.len());
        }
    }

    #[test]
    fn an_incomplete_head_is_judged_by_its_first_line_only() {
        assert_eq!(response(b"HTTP/1.1 101 Hi\r\nX: \0\r\n"), Ok(None));
        assert!(response(b"HTTP/1.1 101 Hi\r\nX: \0\r\n\r\n").is_err());
    }

    #[test]
    fn a_response_that_is_not_http_is_refused() {
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
    fn an_endless_head_is_refused_at_the_limits() {
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
