//! HTTP for servers: kinds of requests, event streams, and a parser for raw connections.

use engine::http;
use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Result};
use napi_derive::napi;

use crate::convert::error::throw;
use crate::convert::value::Bytes;

/// Returns whether a request asks for a WebSocket.
#[napi(catch_unwind)]
pub fn is_web_socket(method: String, connection: String, upgrade: String) -> bool {
    http::is_websocket(&method, &connection, &upgrade)
}

/// Returns whether a request asks for an event stream.
#[napi(catch_unwind)]
pub fn is_event_source(method: String, accept: String) -> bool {
    http::is_event_source(&method, &accept)
}

/// Returns the response head of an event stream and its `retry` field. `headers` are name, value, name, value …
#[napi(catch_unwind)]
pub fn event_stream_head(env: &Env, headers: Vec<String>, retry: f64) -> Result<String> {
    http::event_stream_head(&headers, retry).map_err(|mistake| throw(env, mistake))
}

/// Returns one event of an event stream.
#[napi(catch_unwind)]
pub fn event_stream_message(
    env: &Env,
    data: String,
    event: Option<String>,
    id: Option<String>,
) -> Result<String> {
    http::event_stream_message(&data, event.as_deref(), id.as_deref())
        .map_err(|mistake| throw(env, mistake))
}

/// Returns the comment that keeps an event stream from looking idle.
#[napi(catch_unwind)]
pub fn event_stream_ping() -> &'static str {
    http::EVENT_STREAM_PING
}

/// A parser for the request of a raw connection, whose bytes arrive piece by piece.
#[napi]
#[derive(Default)]
pub struct RequestParser {
    parser: http::RequestParser,
}

/// The request that a `RequestParser` has read. It has no method if the bytes were not HTTP.
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
    /// The bytes after the head.
    #[napi(ts_type = "Buffer")]
    pub body: BufferSlice<'env>,
}

#[napi]
impl RequestParser {
    /// Creates a parser for one request.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses bytes. Returns the request once its head is complete.
    #[napi(catch_unwind)]
    pub fn receive<'env>(
        &mut self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] chunk: Bytes<'_>,
    ) -> Result<Option<ParsedRequest<'env>>> {
        let Some(request) = self.parser.receive(&chunk) else {
            return Ok(None);
        };
        Ok(Some(ParsedRequest {
            method: request.method,
            url: request.url,
            http_version: request.http_version,
            headers: request.headers,
            body: BufferSlice::copy_from(env, request.body)?,
        }))
    }
}
