//! Answering an upgrade.
//!
//! Knows what RFC 6455 §4.2 demands of a request, and how the answer is worded. Does not
//! parse HTTP: the request comes parsed.

use super::accept::{accept_value, is_key};
use crate::error::HandshakeError;
use crate::http::headers::{HeaderList, elements};
use crate::http::request::Request;
use crate::policy::{Drafts, Policy};
use crate::version::Version;

/// The version that a request speaks, by the headers that only one of them has.
pub(crate) fn version(request: &Request, policy: &Policy) -> Version {
    let has = |name| request.header(name).is_some_and(|value| !value.is_empty());
    let may_be_draft = match policy.drafts {
        Drafts::Refused => false,
        Drafts::Understood => request.upgrades_to_websocket(),
        Drafts::Presumed => true,
    };
    if !may_be_draft || has("sec-websocket-version") || has("sec-websocket-key") {
        let asked = request.header("sec-websocket-version");
        let mut versions = policy.versions.iter().copied();
        // Others are refused as RFC 6455 has it.
        versions
            .find(|version| version.number() == asked)
            .unwrap_or(Version::Hybi13)
    } else if has("sec-websocket-key1") || has("sec-websocket-key2") {
        Version::Hixie76
    } else {
        Version::Hixie75
    }
}

/// The key of a request that is all that RFC 6455 §4.2.1 demands. Its extensions are judged elsewhere.
pub(crate) fn judge<'a>(
    request: &'a Request,
    versions: &[Version],
) -> Result<&'a str, HandshakeError> {
    if !request.upgrades_to_websocket() {
        return Err(HandshakeError::NotWebSocket);
    }
    let version = request.header("sec-websocket-version");
    if version.is_none() || !versions.iter().any(|known| known.number() == version) {
        return Err(HandshakeError::UnsupportedVersion(
            version.map(str::to_owned),
        ));
    }
    let key = request
        .header("sec-websocket-key")
        .ok_or(HandshakeError::MissingKey)?;
    if !is_key(key) {
        return Err(HandshakeError::InvalidRequestHeader("Sec-WebSocket-Key"));
    }
    if request.needs_host() && request.header("host").is_none_or(str::is_empty) {
        return Err(HandshakeError::InvalidRequestHeader("Host"));
    }
    Ok(key)
}

/// The answer to a good request: 101 with the caller's headers first, so that they win.
pub(crate) fn accept(
    key: &str,
    subprotocol: Option<&str>,
    extensions: Option<&str>,
    mut headers: HeaderList,
) -> String {
    headers.push("Upgrade", "websocket");
    headers.push("Connection", "Upgrade");
    headers.push("Sec-WebSocket-Accept", &accept_value(key));
    let negotiated = [
        ("Sec-WebSocket-Protocol", subprotocol),
        ("Sec-WebSocket-Extensions", extensions),
    ];
    for (name, value) in negotiated {
        if let Some(value) = value {
            headers.push(name, value);
        }
    }
    format!(
        "HTTP/1.1 101 Switching Protocols\r\n{}\r\n",
        headers.lines()
    )
}

/// The answer to a request that is refused. Plain text: what it quotes of the request is no markup.
pub(crate) fn refuse(error: &HandshakeError) -> String {
    let body = error.to_string();
    let mut headers = HeaderList::default();
    headers.push("Content-Type", "text/plain");
    headers.push("Content-Length", &body.len().to_string());
    if matches!(error, HandshakeError::UnsupportedVersion(_)) {
        // RFC 6455 §4.2.2: the answer to a wrong version names the right one.
        headers.push("Sec-WebSocket-Version", VERSION);
    }
    format!("HTTP/1.1 400 Bad Request\r\n{}\r\n{body}", headers.lines())
}

/// The first subprotocol in the client's order that the server supports.
pub(crate) fn select_subprotocol(request: &Request, supported: &[String]) -> Option<String> {
    let offered = request.header("sec-websocket-protocol")?;
    elements(offered)
        .find(|name| supported.iter().any(|known| known == name))
        .map(str::to_owned)
}

const VERSION: &str = "13";

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = Request::new("GET", "ws://example.com/", true);
        let defaults = [
            ("host", "example.com"),
            ("connection", "keep-alive,\tUpgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-key", "JFBCWHksyIpXV+6Wlq/9pw=="),
            ("sec-websocket-version", "13"),
        ];
        for (name, value) in headers.iter().copied().filter(|(_, value)| *value != "-") {
            request.add_header(name, value.to_owned());
        }
        for (name, value) in defaults {
            if !headers.iter().any(|(given, _)| *given == name) {
                request.add_header(name, value.to_owned());
            }
        }
        request
    }

    #[test]
    fn answers_with_the_callers_headers_first() {
        let mut custom = HeaderList::default();
        custom.set("Upgrade", "nope").unwrap();
        custom.set("X", "1").unwrap();
        let key = judge(&request(&[]), &[Version::Hybi13]).unwrap().to_owned();
        let answer = accept(&key, Some("chat"), Some("foo; a"), custom);
        assert_eq!(
            answer,
            "HTTP/1.1 101 Switching Protocols\r\n\
             Upgrade: nope\r\n\
             X: 1\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=\r\n\
             Sec-WebSocket-Protocol: chat\r\n\
             Sec-WebSocket-Extensions: foo; a\r\n\r\n"
        );
    }

    #[test]
    fn refuses_what_is_not_a_handshake_and_says_why() {
        let cases = [
            (("upgrade", "h2c"), "Not a WebSocket request"),
            (("connection", "close"), "Not a WebSocket request"),
            (
                ("sec-websocket-version", "8"),
                "Unsupported WebSocket version: 8",
            ),
            (
                ("sec-websocket-version", "13.0"),
                "Unsupported WebSocket version: 13.0",
            ),
            (
                ("sec-websocket-version", "-"),
                "Unsupported WebSocket version: undefined",
            ),
            (
                ("sec-websocket-key", "-"),
                "Missing handshake request header: Sec-WebSocket-Key",
            ),
            (
                ("sec-websocket-key", "abc"),
                "Invalid handshake request header: Sec-WebSocket-Key",
            ),
            (("host", "-"), "Invalid handshake request header: Host"),
        ];
        for (header, message) in cases {
            let request = request(&[header]);
            let error = judge(&request, &[Version::Hybi13]).unwrap_err();
            assert_eq!(error.to_string(), message, "{header:?}");
        }
    }

    #[test]
    fn a_refusal_has_the_right_length_and_names_the_right_version() {
        let error = HandshakeError::UnsupportedVersion(Some("ü".to_owned()));
        assert_eq!(
            refuse(&error),
            "HTTP/1.1 400 Bad Request\r\n\
             Content-Type: text/plain\r\n\
             Content-Length: 33\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n\
             Unsupported WebSocket version: ü"
        );
        assert!(!refuse(&HandshakeError::MissingKey).contains("Version: 13"));
    }

    #[test]
    fn selects_the_first_subprotocol_in_the_clients_order() {
        let supported = ["b".to_owned(), "a".to_owned()];
        let cases = [
            ("a, b", Some("a")),
            ("x,b", Some("b")),
            ("A", None),
            ("", None),
            ("a b", None),
        ];
        for (offered, expected) in cases {
            let request = request(&[("sec-websocket-protocol", offered)]);
            assert_eq!(
                select_subprotocol(&request, &supported).as_deref(),
                expected,
                "{offered:?}"
            );
        }
        assert_eq!(select_subprotocol(&request(&[]), &supported), None);
    }
}
