//! A request that was parsed elsewhere, and what kind of request it is.
//!
//! Knows the headers that mark a WebSocket or an EventSource request. Does not judge a handshake.

use super::headers::{Headers, elements, find, is_javascript_space};

/// What the opening handshake needs of a parsed request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    method: String,
    location: String,
    needs_host: bool,
    headers: Headers,
}

impl Request {
    /// The names of the headers that the handshake reads. A request need not have
    /// the others.
    pub const HEADERS: [&'static str; 10] = [
        "host",
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
        "sec-websocket-key1",
        "sec-websocket-key2",
        "origin",
    ];

    /// A request without headers. `location` is its URL, which the drafts repeat; `needs_host` says
    /// that it came from the wire as HTTP/1.1, where RFC 9112 §3.2 demands `Host`.
    #[must_use]
    pub fn new(method: &str, location: &str, needs_host: bool) -> Self {
        Self {
            method: method.to_owned(),
            location: location.to_owned(),
            needs_host,
            headers: Vec::new(),
        }
    }

    /// The URL that was asked for.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// Whether the handshake must have a `Host` header.
    pub(crate) fn needs_host(&self) -> bool {
        self.needs_host
    }

    /// Adds a header. `name` is in lower case, and the values of a repeated header are joined with
    /// commas.
    pub fn add_header(&mut self, name: &str, value: String) {
        self.headers.push((name.to_owned(), value));
    }

    /// The value of the header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// RFC 6455 §4.2.1: an `Upgrade` to websocket, in a `Connection` list with `upgrade`, by GET.
    pub(crate) fn upgrades_to_websocket(&self) -> bool {
        let connection = self.header("connection").unwrap_or_default();
        self.method == "GET"
            && elements(connection).any(|option| option.eq_ignore_ascii_case("upgrade"))
            && self
                .header("upgrade")
                .unwrap_or_default()
                .eq_ignore_ascii_case("websocket")
    }
}

/// Whether an http server should hand the request to a WebSocket, by this rule: the
/// `Connection` list is split at commas with *spaces* around them, and nothing else is trimmed.
#[must_use]
pub fn is_websocket(method: &str, connection: &str, upgrade: &str) -> bool {
    method == "GET"
        && list_has(
            connection,
            |space| space == ' ',
            |option| option.eq_ignore_ascii_case("upgrade"),
        )
        && upgrade.eq_ignore_ascii_case("websocket")
}

/// Whether the request asks for an event stream, by this rule: `Accept` is split at commas
/// with any white space around them, and the type stands there without parameters.
#[must_use]
pub fn is_event_source(method: &str, accept: &str) -> bool {
    method == "GET"
        && list_has(accept, is_javascript_space, |media_type| {
            media_type == "text/event-stream"
        })
}

/// Whether an element of the list fits. White space belongs to the commas: none is dropped at either
/// end of the list.
fn list_has(list: &str, is_space: impl Fn(char) -> bool, fits: impl Fn(&str) -> bool) -> bool {
    let last = list.split(',').count() - 1;
    list.split(',').enumerate().any(|(index, element)| {
        let element = if index > 0 {
            element.trim_start_matches(&is_space)
        } else {
            element
        };
        fits(if index < last {
            element.trim_end_matches(&is_space)
        } else {
            element
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_websocket_request() {
        let cases = [
            ("plain", "GET", "Upgrade", "websocket", true),
            ("in a list", "GET", "keep-alive, Upgrade", "WebSocket", true),
            (
                "spaces before a comma",
                "GET",
                "upgrade , x",
                "websocket",
                true,
            ),
            (
                "a trailing space",
                "GET",
                "keep-alive,upgrade ",
                "websocket",
                false,
            ),
            ("a tab", "GET", "keep-alive,\tupgrade", "websocket", false),
            ("another upgrade", "GET", "upgrade", "websocket, foo", false),
            ("another method", "POST", "upgrade", "websocket", false),
            ("method in lower case", "get", "upgrade", "websocket", false),
            ("no headers", "GET", "", "", false),
        ];
        for (name, method, connection, upgrade, expected) in cases {
            assert_eq!(
                is_websocket(method, connection, upgrade),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn knows_an_event_source_request() {
        let cases = [
            ("plain", "GET", "text/event-stream", true),
            (
                "in a list",
                "GET",
                "text/html \t,\n text/event-stream , */*",
                true,
            ),
            ("with a parameter", "GET", "text/event-stream;q=1", false),
            ("a leading space", "GET", " text/event-stream", false),
            ("another method", "POST", "text/event-stream", false),
            ("none", "GET", "", false),
        ];
        for (name, method, accept, expected) in cases {
            assert_eq!(is_event_source(method, accept), expected, "{name}");
        }
    }
}
