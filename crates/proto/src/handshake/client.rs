//! The client's half of the opening handshake, RFC 6455 §4.1: the request, and the check of the
//! response.
//!
//! Does not parse URLs or follow redirects.

use super::accept::{Nonce, accept_value, basic_credentials, key};
use crate::error::HandshakeError;
use crate::http::head::ResponseHead;
use crate::http::headers::{HeaderList, elements};
use crate::version::Version;

/// The destination of a client, from a parsed URL.
#[derive(Clone, Debug, Default)]
pub struct ClientRequest {
    /// The value of `Host`: host, and port unless it is the default port.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// The user, percent-encoded as in the URL. Sent only together with a password.
    pub username: String,
    /// The password, percent-encoded as in the URL. Sent only together with a user.
    pub password: String,
}

/// The handshake of a client.
#[derive(Debug, Default)]
pub(crate) struct ClientHandshake {
    target: String,
    accept: String,
    offered: Vec<String>,
}

impl ClientHandshake {
    /// Creates the handshake and the headers of its request. Our headers precede the caller's and
    /// take precedence.
    pub(crate) fn new(
        request: &ClientRequest,
        nonce: Nonce,
        subprotocols: Vec<String>,
        version: Version,
    ) -> (Self, HeaderList) {
        let key = key(nonce);
        let mut headers = HeaderList::default();
        headers.push("Host", &request.host);
        headers.push("Upgrade", "websocket");
        headers.push("Connection", "Upgrade");
        headers.push("Sec-WebSocket-Key", &key);
        headers.push("Sec-WebSocket-Version", version.number().unwrap_or("13"));
        if !subprotocols.is_empty() {
            headers.push("Sec-WebSocket-Protocol", &subprotocols.join(", "));
        }
        if let Some(credentials) = basic_credentials(&request.username, &request.password) {
            headers.push("Authorization", &credentials);
        }
        let handshake = Self {
            target: request.target.clone(),
            accept: accept_value(&key),
            offered: subprotocols,
        };
        (handshake, headers)
    }

    pub(crate) fn request(&self, headers: &HeaderList) -> String {
        format!("GET {} HTTP/1.1\r\n{}\r\n", self.target, headers.lines())
    }

    /// Checks the response, RFC 6455 §4.1, except for its subprotocol and its extensions.
    pub(crate) fn judge(&self, head: &ResponseHead) -> Result<(), HandshakeError> {
        if head.status != 101 {
            return Err(HandshakeError::UnexpectedStatus(head.status));
        }
        match head.header("upgrade").unwrap_or_default() {
            "" => return Err(HandshakeError::UpgradeMissing),
            value if !value.eq_ignore_ascii_case("websocket") => {
                return Err(HandshakeError::UpgradeNotWebSocket);
            }
            _ => {}
        }
        match head.header("connection").unwrap_or_default() {
            "" => return Err(HandshakeError::ConnectionMissing),
            list if !elements(list).any(|option| option.eq_ignore_ascii_case("upgrade")) => {
                return Err(HandshakeError::ConnectionNotUpgrade);
            }
            _ => {}
        }
        if head.header("sec-websocket-accept") != Some(&self.accept) {
            return Err(HandshakeError::AcceptMismatch);
        }
        Ok(())
    }

    /// Returns the subprotocol that the server chose. The client must have offered it.
    pub(crate) fn subprotocol(
        &self,
        head: &ResponseHead,
    ) -> Result<Option<String>, HandshakeError> {
        let chosen = head
            .header("sec-websocket-protocol")
            .filter(|name| !name.is_empty());
        if chosen.is_some_and(|name| !self.offered.iter().any(|offered| offered == name)) {
            return Err(HandshakeError::SubprotocolMismatch);
        }
        Ok(chosen.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> (ClientHandshake, HeaderList) {
        let request = ClientRequest {
            host: "example.com:8080".to_owned(),
            target: "/chat?q=1".to_owned(),
            username: "us%20er".to_owned(),
            password: "secret".to_owned(),
        };
        let subprotocols = vec!["a".to_owned(), "b".to_owned()];
        ClientHandshake::new(&request, [7; 16], subprotocols, Version::Hybi13)
    }

    #[test]
    fn our_headers_precede_the_callers() {
        let (handshake, mut headers) = handshake();
        headers.set("X", "1").unwrap();
        headers.set("host", "elsewhere").unwrap();
        headers.push("Sec-WebSocket-Extensions", "foo");
        assert_eq!(
            handshake.request(&headers),
            "GET /chat?q=1 HTTP/1.1\r\n\
             Host: example.com:8080\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: BwcHBwcHBwcHBwcHBwcHBw==\r\n\
             Sec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: a, b\r\n\
             Authorization: Basic dXMlMjBlcjpzZWNyZXQ=\r\n\
             X: 1\r\n\
             Sec-WebSocket-Extensions: foo\r\n\r\n"
        );
    }

    #[test]
    fn a_response_is_accepted_only_if_each_header_is_valid() {
        let good = |name: &str| match name {
            "upgrade" => "WebSocket".to_owned(),
            "connection" => "keep-alive, Upgrade".to_owned(),
            "sec-websocket-accept" => handshake().0.accept,
            _ => String::new(),
        };
        let response = |changed: (&str, &str)| {
            let names = [
                "upgrade",
                "connection",
                "sec-websocket-accept",
                "sec-websocket-protocol",
                "sec-websocket-extensions",
            ];
            let header = |name: &str| {
                let value = if changed.0 == name {
                    changed.1.to_owned()
                } else {
                    good(name)
                };
                (name.to_owned(), value)
            };
            ResponseHead {
                status: 101,
                headers: names.map(header).into(),
            }
        };
        let judge = |response: &ResponseHead| {
            let (handshake, _) = handshake();
            handshake.judge(response)?;
            handshake.subprotocol(response)
        };
        assert_eq!(judge(&response(("", ""))), Ok(None));
        let chosen = judge(&response(("sec-websocket-protocol", "b")));
        assert_eq!(chosen, Ok(Some("b".to_owned())));

        let cases = [
            (("upgrade", ""), "'Upgrade' header is missing"),
            (
                ("upgrade", "tea"),
                "'Upgrade' header value is not 'WebSocket'",
            ),
            (("connection", ""), "'Connection' header is missing"),
            (
                ("connection", "close"),
                "'Connection' header value is not 'Upgrade'",
            ),
            (
                ("sec-websocket-accept", "x"),
                "Sec-WebSocket-Accept mismatch",
            ),
            (
                ("sec-websocket-protocol", "A"),
                "Sec-WebSocket-Protocol mismatch",
            ),
            (
                ("sec-websocket-protocol", "a, b"),
                "Sec-WebSocket-Protocol mismatch",
            ),
        ];
        for (changed, message) in cases {
            let error = judge(&response(changed)).unwrap_err();
            assert_eq!(error.to_string(), message, "{changed:?}");
        }
        let moved = ResponseHead {
            status: 302,
            ..response(("", ""))
        };
        let error = judge(&moved).unwrap_err();
        assert_eq!(error.to_string(), "Unexpected response code: 302");
    }
}
