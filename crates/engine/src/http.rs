//! HTTP for servers: kinds of requests, event streams, and a parser for raw connections.

use proto::event_stream;
pub use proto::event_stream::PING as EVENT_STREAM_PING;
use proto::http::head::RequestReader;
use proto::http::headers::{HeaderList, Headers};
pub use proto::http::request::{is_event_source, is_websocket};

use crate::mistake::Mistake;

/// Returns the response head of an event stream and its `retry` field. `headers` are name, value, name, value …
///
/// # Errors
/// A TypeError for a header that cannot be written.
pub fn event_stream_head(headers: &[String], retry: f64) -> Result<String, Mistake> {
    let mut list = HeaderList::default();
    for pair in headers.chunks_exact(2) {
        if let [name, value] = pair {
            list.set(name, value)?;
        }
    }
    // The cast saturates.
    Ok(event_stream::head(&list, retry as u64))
}

/// Returns one event of an event stream.
///
/// # Errors
/// A TypeError for an event or an id that would end its line.
pub fn event_stream_message(
    data: &str,
    event: Option<&str>,
    id: Option<&str>,
) -> Result<String, Mistake> {
    Ok(event_stream::message(data, event, id)?)
}

/// A parser for the request of a raw connection, whose bytes arrive piece by piece.
#[derive(Debug, Default)]
pub struct RequestParser {
    reader: RequestReader,
}

/// The request that a [`RequestParser`] has read. It has no method if the bytes were not HTTP.
#[derive(Debug)]
pub struct ParsedRequest<'a> {
    /// The method, as sent.
    pub method: Option<String>,
    /// The request target.
    pub url: Option<String>,
    /// `1.1` or `1.0`.
    pub http_version: Option<&'static str>,
    /// Name, value, name, value …
    pub headers: Vec<String>,
    /// The bytes after the head.
    pub body: &'a [u8],
}

impl RequestParser {
    /// Parses bytes. Returns the request once its head is complete.
    pub fn receive(&mut self, chunk: &[u8]) -> Option<ParsedRequest<'_>> {
        let read = self.reader.receive(chunk)?;
        let body = read.body;
        Some(match read.head {
            None => ParsedRequest {
                method: None,
                url: None,
                http_version: None,
                headers: Vec::new(),
                body,
            },
            Some(head) => ParsedRequest {
                http_version: Some(if head.is_http_1_1 { "1.1" } else { "1.0" }),
                headers: flat_headers(&head.headers),
                method: Some(head.method),
                url: Some(head.target),
                body,
            },
        })
    }
}

/// Returns headers as a flat list, which a binding can convert.
pub(crate) fn flat_headers(headers: &Headers) -> Vec<String> {
    headers
        .iter()
        .flat_map(|(name, value)| [name.clone(), value.clone()])
        .collect()
}
