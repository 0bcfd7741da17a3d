//! What an http server asks about a request, and EventSource.

use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Result};
use napi_derive::napi;
use proto::event_stream;
use proto::http::head::RequestReader;
use proto::http::headers::{HeaderList, Headers};
use proto::http::request;

use crate::convert::error::throw;
use crate::convert::value::Bytes;

/// Whether a request asks for a WebSocket.
#[napi(catch_unwind)]
pub fn is_web_socket(method: String, connection: String, upgrade: String) -> bool {
    request::is_websocket(&method, &connection, &upgrade)
}

/// Whether a request asks for an event stream.
#[napi(catch_unwind)]
pub fn is_event_source(method: String, accept: String) -> bool {
    request::is_event_source(&method, &accept)
}

/// The response head of an event stream and its `retry` field. `headers` are name, value, name,
/// value …
#[napi(catch_unwind)]
pub fn event_stream_head(env: &Env, headers: Vec<String>, retry: f64) -> Result<String> {
    let mut list = HeaderList::default();
    for pair in headers.chunks_exact(2) {
        if let [name, value] = pair {
            list.set(name, value)
                .map_err(|mistake| throw(env, &mistake))?;
        }
    }
    Ok(event_stream::head(&list, retry as u64))
}

/// One event of an event stream.
#[napi(catch_unwind)]
pub fn event_stream_message(
    env: &Env,
    data: String,
    event: Option<String>,
    id: Option<String>,
) -> Result<String> {
    event_stream::message(&data, event.as_deref(), id.as_deref())
        .map_err(|mistake| throw(env, &mistake))
}

/// What keeps an event stream from looking idle.
#[napi(catch_unwind)]
pub fn event_stream_ping() -> &'static str {
    event_stream::PING
}

/// Reads the request of a raw connection, from bytes that arrive piece by piece.
#[napi]
#[derive(Default)]
pub struct RequestParser {
    reader: RequestReader,
}

/// What a `RequestParser` has read. Without a method it was not HTTP.
#[napi(object, object_from_js = false)]
pub struct ParsedRequest<'env> {
    /// The method, as sent.
    pub method: Option<String>,
    /// The request target.
    pub url: Option<String>,
    /// `1.1` or `1.0`.
    pub http_version: Option<&'static str>,
    /// Name, value, name, value …
    pub headers: Vec<String>,
    /// What came behind the head.
    #[napi(ts_type = "Buffer")]
    pub body: BufferSlice<'env>,
}

#[napi]
impl RequestParser {
    /// Nothing read yet.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes; the request, once its head is complete.
    #[napi(catch_unwind)]
    pub fn receive<'env>(
        &mut self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] chunk: Bytes<'_>,
    ) -> Result<Option<ParsedRequest<'env>>> {
        let Some(read) = self.reader.receive(&chunk) else {
            return Ok(None);
        };
        let body = BufferSlice::copy_from(env, read.body)?;
        let head = read.head;
        Ok(Some(ParsedRequest {
            http_version: head
                .as_ref()
                .map(|head| if head.is_http_1_1 { "1.1" } else { "1.0" }),
            headers: head
                .as_ref()
                .map(|head| flat_headers(&head.headers))
                .unwrap_or_default(),
            method: head.as_ref().map(|head| head.method.clone()),
            url: head.map(|head| head.target),
            body,
        }))
    }
}

/// Headers as a list that crosses the boundary in one piece.
pub(crate) fn flat_headers(headers: &Headers) -> Vec<String> {
    headers
        .iter()
        .flat_map(|(name, value)| [name.clone(), value.clone()])
        .collect()
}
