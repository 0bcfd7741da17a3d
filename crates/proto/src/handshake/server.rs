//! The server's half of the opening handshake, RFC 6455 §4.2: the check of the request, and the
//! response.
//!
//! The caller parses the HTTP request.

use std::borrow::Cow;

use super::accept::{accept_value, is_key};
use super::integer::parse_int;
use crate::error::{HandshakeError, Refusal};
use crate::extension::header::{Element, parse};
use crate::hixie::{draft75, draft76};
use crate::http::headers::{HeaderList, elements, is_token};
use crate::http::request::Request;
use crate::policy::{Drafts, Policy, RequestChecks, ResponseFormat};
use crate::version::Version;

/// Returns the refusal of a request, as [`Connection::start`](crate::connection::Connection::start)
/// would refuse it. Returns `None` for a valid request.
#[must_use]
pub fn refusal(request: &Request, policy: &Policy) -> Option<Refusal> {
    let no_headers = HeaderList::default();
    let judged = match version(request, policy) {
        Version::Hybi13 | Version::Hybi8 => judge(request, policy).map(drop),
        Version::Hixie76 => draft76::accept(request, &no_headers).map(drop),
        Version::Hixie75 => draft75::accept(request, &no_headers).map(drop),
    };
    judged.err().map(|error| (policy.manner.refusal)(&error))
}

/// Returns the version of a request. Each version has its own headers.
pub(crate) fn version(request: &Request, policy: &Policy) -> Version {
    let has = |name| present(request, name).is_some();
    let may_be_draft = match policy.drafts {
        Drafts::Refused => false,
        Drafts::Understood => request.upgrades_to_websocket(),
        Drafts::Presumed => true,
    };
    if !may_be_draft || has("sec-websocket-version") || has("sec-websocket-key") {
        // Other versions are refused under RFC 6455.
        requested_version(request, policy).unwrap_or(Version::Hybi13)
    } else if has("sec-websocket-key1") || has("sec-websocket-key2") {
        Version::Hixie76
    } else {
        Version::Hixie75
    }
}

/// The fields of a valid request.
#[derive(Debug)]
pub(crate) struct ValidRequest<'a> {
    pub(crate) key: &'a str,
    /// The offered extensions.
    pub(crate) offers: Vec<Element>,
}

/// Checks a request under the policy and returns its fields.
pub(crate) fn judge<'a>(
    request: &'a Request,
    policy: &Policy,
) -> Result<ValidRequest<'a>, HandshakeError> {
    let key = match policy.requests {
        RequestChecks::Strict => strict_key(request, policy)?,
        RequestChecks::Lenient => lenient_key(request, policy)?,
        RequestChecks::LenientThenStrict => {
            lenient_key(request, policy)?;
            let key = strict_key(request, policy)?;
            check_subprotocols(request)?;
            key
        }
    };
    let offers = present(request, "sec-websocket-extensions").map(|offers| (offers, parse(offers)));
    let offers = match (offers, policy.requests) {
        (None, _) | (Some((_, Err(_))), RequestChecks::Lenient) => Vec::new(),
        (Some((_, Ok(offers))), _) => offers,
        (Some((malformed, Err(_))), RequestChecks::Strict | RequestChecks::LenientThenStrict) => {
            return Err(HandshakeError::InvalidExtensions(malformed.to_owned()));
        }
    };
    Ok(ValidRequest { key, offers })
}

/// Returns the key of a request that meets RFC 6455 §4.2.1.
fn strict_key<'a>(request: &'a Request, policy: &Policy) -> Result<&'a str, HandshakeError> {
    if !request.upgrades_to_websocket() {
        return Err(HandshakeError::NotWebSocket);
    }
    let version = request.header("sec-websocket-version");
    let mut known = policy.versions.iter().map(|version| version.number());
    if version.is_none() || !known.any(|known| known == version) {
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
    if request.needs_host() && present(request, "host").is_none() {
        return Err(HandshakeError::InvalidRequestHeader("Host"));
    }
    Ok(key)
}

/// Returns the key of a request with a host, a key and a version.
fn lenient_key<'a>(request: &'a Request, policy: &Policy) -> Result<&'a str, HandshakeError> {
    if present(request, "host").is_none() {
        return Err(HandshakeError::InvalidRequestHeader("Host"));
    }
    let key = present(request, "sec-websocket-key").ok_or(HandshakeError::MissingKey)?;
    let asked = request.header("sec-websocket-version").and_then(parse_int);
    let mut known = policy.versions.iter().map(|version| version.number());
    if asked.is_none() || !known.any(|known| known == asked.as_deref()) {
        return Err(HandshakeError::UnsupportedVersion(asked));
    }
    Ok(key)
}

/// Checks that the subprotocols are a list of tokens, RFC 6455 §4.3.
fn check_subprotocols(request: &Request) -> Result<(), HandshakeError> {
    match present(request, "sec-websocket-protocol") {
        Some(names) if !elements(names).all(is_token) => Err(HandshakeError::InvalidRequestHeader(
            "Sec-WebSocket-Protocol",
        )),
        _ => Ok(()),
    }
}

/// Returns the requested version, if the policy contains it.
fn requested_version(request: &Request, policy: &Policy) -> Option<Version> {
    let asked = request.header("sec-websocket-version")?;
    let asked = match policy.requests {
        RequestChecks::Strict | RequestChecks::LenientThenStrict => Cow::Borrowed(asked),
        RequestChecks::Lenient => Cow::Owned(parse_int(asked)?),
    };
    let mut versions = policy.versions.iter().copied();
    versions.find(|version| version.number() == Some(&asked))
}

/// Returns the value of a header that is not empty.
fn present<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.header(name).filter(|value| !value.is_empty())
}

/// Returns the response to a valid request: status 101, with the application's headers.
pub(crate) fn accept(
    key: &str,
    subprotocol: Option<&str>,
    extensions: Option<&str>,
    theirs: HeaderList,
    format: ResponseFormat,
) -> Vec<u8> {
    let (mut headers, last) = match format {
        ResponseFormat::ApplicationFirst => (theirs, HeaderList::default()),
        ResponseFormat::ApplicationLast => (HeaderList::default(), theirs),
    };
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
    headers.extend(&last);
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\n{}\r\n",
        headers.lines()
    );
    match format {
        ResponseFormat::ApplicationFirst => response.into_bytes(),
        ResponseFormat::ApplicationLast => {
            let byte = |char| u8::try_from(u32::from(char)).unwrap_or(b'?');
            response.chars().map(byte).collect()
        }
    }
}

/// Returns the response to a refused request. It is plain text, so that quoted parts of the request
/// are not interpreted as HTML.
pub(crate) fn refuse(error: &HandshakeError) -> String {
    let body = error.to_string();
    let mut headers = HeaderList::default();
    headers.push("Content-Type", "text/plain");
    headers.push("Content-Length", &body.len().to_string());
    if matches!(error, HandshakeError::UnsupportedVersion(_)) {
        // RFC 6455 §4.2.2: the response to an unsupported version names the supported one.
        headers.push("Sec-WebSocket-Version", VERSION);
    }
    format!("HTTP/1.1 400 Bad Request\r\n{}\r\n{body}", headers.lines())
}

/// Returns the first subprotocol in the client's order that the server supports.
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

    type Headers = &'static [(&'static str, &'static str)];

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
    fn the_applications_headers_come_first_or_last() {
        let cases = [
            (
                ResponseFormat::ApplicationFirst,
                "HTTP/1.1 101 Switching Protocols\r\n\
                 Upgrade: nope\r\n\
                 Origin: ü€\r\n\
                 Set-Cookie: a=1\r\n\
                 Set-Cookie: b=2\r\n\
                 Connection: Upgrade\r\n\
                 Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=\r\n\
                 Sec-WebSocket-Protocol: Chat\r\n\
                 Sec-WebSocket-Extensions: foo; a\r\n\r\n"
                    .as_bytes(),
            ),
            (
                ResponseFormat::ApplicationLast,
                b"HTTP/1.1 101 Switching Protocols\r\n\
                  Upgrade: websocket\r\n\
                  Connection: Upgrade\r\n\
                  Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=\r\n\
                  Sec-WebSocket-Protocol: Chat\r\n\
                  Sec-WebSocket-Extensions: foo; a\r\n\
                  Origin: \xFC?\r\n\
                  Set-Cookie: a=1\r\n\
                  Set-Cookie: b=2\r\n\r\n",
            ),
        ];
        for (head, expected) in cases {
            let mut custom = HeaderList::default();
            for (name, value) in [
                ("Upgrade", "nope"),
                ("Origin", "ü€"),
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
            ] {
                custom.set(name, value).unwrap();
            }
            let request = request(&[]);
            let key = judge(&request, &Policy::default()).unwrap().key;
            let response = accept(key, Some("Chat"), Some("foo; a"), custom, head);
            assert_eq!(
                response,
                expected,
                "{head:?}: {}",
                String::from_utf8_lossy(&response)
            );
        }
    }

    #[test]
    fn a_request_without_a_valid_handshake_is_refused_with_the_reason() {
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
            let error = judge(&request, &Policy::default()).unwrap_err();
            assert_eq!(error.to_string(), message, "{header:?}");
        }
    }

    /// Compares the responses of websocket 1.0.35, and our own for the stricter checks.
    #[test]
    fn a_lenient_policy_requires_a_host_a_key_and_a_version() {
        use RequestChecks::{Lenient, LenientThenStrict};
        let host = "400 Client must provide a Host header.";
        let key = "400 Client must provide a value for Sec-WebSocket-Key.";
        let version = "400 Client must provide a value for Sec-WebSocket-Version.";
        let seven =
            "426 Unsupported websocket client version: 7Only versions 8 and 13 are supported.";
        let text =
            "426 Unsupported websocket client version: 13.0Only versions 8 and 13 are supported.";
        let no = "400 Not a WebSocket request";
        let invalid_key = "400 Invalid handshake request header: Sec-WebSocket-Key";
        let protocol = "400 Invalid handshake request header: Sec-WebSocket-Protocol";
        let extensions = "400 Invalid Sec-WebSocket-Extensions header: a,,b";
        let cases: [(Headers, &str, &str); 21] = [
            (&[], "", ""),
            (&[("sec-websocket-version", "8")], "", ""),
            (&[("host", "-")], host, host),
            (&[("host", "")], host, host),
            (&[("sec-websocket-key", "-")], key, key),
            (&[("sec-websocket-key", "")], key, key),
            (&[("sec-websocket-version", "-")], version, version),
            (&[("sec-websocket-version", "0")], version, version),
            (&[("sec-websocket-version", "x")], version, version),
            (&[("sec-websocket-version", "7")], seven, seven),
            (&[("sec-websocket-version", "13.0")], "", text),
            (
                &[("sec-websocket-version", " 8x")],
                "",
                "426 Unsupported websocket client version:  8xOnly versions 8 and 13 are supported.",
            ),
            (
                &[
                    ("host", "-"),
                    ("sec-websocket-key", "-"),
                    ("upgrade", "tea"),
                ],
                host,
                host,
            ),
            (
                &[
                    ("sec-websocket-key", "-"),
                    ("sec-websocket-version", "7"),
                    ("upgrade", "tea"),
                ],
                key,
                key,
            ),
            (&[("upgrade", "tea")], "", no),
            (&[("connection", "close")], "", no),
            (&[("sec-websocket-key", "abc")], "", invalid_key),
            (&[("sec-websocket-protocol", "a b")], "", protocol),
            (&[("sec-websocket-protocol", "a,, b")], "", protocol),
            (&[("sec-websocket-protocol", "a,\tb ,c")], "", ""),
            (&[("sec-websocket-extensions", "a,,b")], "", extensions),
        ];
        for (headers, lenient, strict) in cases {
            for (requests, expected) in [(Lenient, lenient), (LenientThenStrict, strict)] {
                let policy = Policy {
                    requests,
                    ..Policy::websocket_node_server()
                };
                let refusal = refusal(&request(headers), &policy);
                let found =
                    refusal.map(|refusal| format!("{} {}", refusal.status, refusal.message));
                assert_eq!(
                    found.unwrap_or_default(),
                    expected,
                    "{headers:?}, {requests:?}"
                );
            }
        }
    }

    #[test]
    fn a_lenient_policy_parses_versions_as_numbers() {
        let lenient = Policy {
            requests: RequestChecks::Lenient,
            ..Policy::websocket_node_server()
        };
        let cases = [
            ("13", Version::Hybi13),
            ("8", Version::Hybi8),
            (" 08.5", Version::Hybi8),
            ("13, 8", Version::Hybi13),
        ];
        for (asked, expected) in cases {
            let request = request(&[("sec-websocket-version", asked)]);
            assert_eq!(version(&request, &lenient), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_lenient_policy_ignores_extensions_outside_the_grammar() {
        let lenient = Policy {
            requests: RequestChecks::Lenient,
            ..Policy::websocket_node_server()
        };
        for (offered, count) in [("a; b=c, d", 2), ("a,,b", 0), ("", 0)] {
            let request = request(&[("sec-websocket-extensions", offered)]);
            let offers = judge(&request, &lenient).map(|good| good.offers.len());
            assert_eq!(offers, Ok(count), "{offered:?}");
        }
    }

    #[test]
    fn a_refusal_is_available_without_a_connection() {
        let cases: [(&str, Headers, Option<&str>); 5] = [
            ("valid", &[], None),
            ("no upgrade", &[("upgrade", "tea")], Some("not-websocket")),
            (
                "hixie-75",
                &[("sec-websocket-version", "-"), ("sec-websocket-key", "-")],
                None,
            ),
            (
                "hixie-76 without its second key",
                &[
                    ("sec-websocket-version", "-"),
                    ("sec-websocket-key", "-"),
                    ("sec-websocket-key1", "1 2"),
                ],
                Some("missing-draft-key"),
            ),
            (
                "extensions",
                &[("sec-websocket-extensions", ",")],
                Some("invalid-extensions"),
            ),
        ];
        for (name, headers, expected) in cases {
            let refusal = refusal(&request(headers), &Policy::default());
            assert_eq!(refusal.map(|refusal| refusal.code), expected, "{name}");
        }
    }

    #[test]
    fn a_refusal_contains_its_length_and_the_supported_version() {
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
    fn the_first_supported_subprotocol_in_the_clients_order_is_selected() {
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
