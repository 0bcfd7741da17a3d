//! What an http server asks about a request, and EventSource.

use napi::{Env, Result};
use napi_derive::napi;
use proto::event_stream;
use proto::http::head::ResponseHead;
use proto::http::headers::HeaderList;
use proto::http::request;

use crate::error::throw;

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

/// Headers as a list that crosses the boundary in one piece.
pub(crate) fn flat_headers(head: &ResponseHead) -> Vec<String> {
    head.headers
        .iter()
        .flat_map(|(name, value)| [name.clone(), value.clone()])
        .collect()
}
