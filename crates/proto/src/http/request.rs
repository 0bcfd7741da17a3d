//! Parsed requests, and the detection of WebSocket and EventSource requests.
//!
//! `handshake/server.rs` validates the opening handshake.

use super::headers::{Headers, elements, find, is_javascript_space};

/// The parts of a parsed request that the opening handshake needs.
#[derive(Clone, Debug, Default)]
pub struct Request {
    method: String,
    location: String,
    needs_host: bool,
    headers: Headers,
}

impl Request {
    /// The headers that the handshake reads. The caller may omit others.
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

    /// Creates a request without headers. `location` is its URL, which the drafts repeat in their
    /// response. `needs_host` states that the request arrived as HTTP/1.1, where RFC 9112 §3.2
    /// requires `Host`.
    #[must_use]
    pub fn new(method: &str, location: &str, needs_host: bool) -> Self {
        Self {
            method: method.to_owned(),
            location: location.to_owned(),
            needs_host,
            headers: Vec::new(),
        }
    }

    /// Returns the requested URL.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// Returns whether the handshake requires a `Host` header.
    pub(crate) fn needs_host(&self) -> bool {
        self.needs_host
    }

    /// Adds a header. `name` is in lower case. The caller joins the values of a repeated header
    /// with commas.
    pub fn add_header(&mut self, name: &str, value: String) {
        self.headers.push((name.to_owned(), value));
    }

    /// Returns the value of the header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Returns whether this is a GET with `Upgrade: websocket` and `upgrade` in the `Connection`
    /// list, RFC 6455 §4.2.1.
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

/// Returns whether an HTTP server passes the request to a WebSocket. Splits the `Connection` list
/// at commas, with *spaces* around them, and trims no other white space.
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

/// Returns whether the request asks for an event stream. Splits `Accept` at commas, with any white
/// space around them, and requires the type without parameters.
#[must_use]
pub fn is_event_source(method: &str, accept: &str) -> bool {
    method == "GET"
        && list_has(accept, is_javascript_space, |media_type| {
            media_type == "text/event-stream"
        })
}

/// Returns whether an element of the list passes the test. White space is trimmed only around
/// commas, not at the ends of the list.
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
    fn a_websocket_request_is_detected() {
        let cases = [
            ("upgrade alone", "GET", "Upgrade", "websocket", true),
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
    fn an_event_source_request_is_detected() {
        let cases = [
            ("the type alone", "GET", "text/event-stream", true),
            (
                "in a list",
                "GET",
                "text/html \t,\n text/event-stream , */*",
                true,
            ),
            ("with a parameter", "GET", "text/event-stream;q=1", false),
            ("a leading space", "GET", " text/event-stream", false),
            ("another method", "POST", "text/event-stream", false),
            ("no header", "GET", "", false),
        ];
        for (name, method, accept, expected) in cases {
            assert_eq!(is_event_source(method, accept), expected, "{name}");
        }
    }
}
