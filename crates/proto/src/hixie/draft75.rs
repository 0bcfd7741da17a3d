//! The opening handshake of draft-hixie-thewebsocketprotocol-75.

use crate::error::HandshakeError;
use crate::http::headers::HeaderList;
use crate::http::request::Request;

/// Returns the response. Our headers come first and take precedence.
pub(crate) fn accept(request: &Request, custom: &HeaderList) -> Result<String, HandshakeError> {
    response(
        request,
        custom,
        "Web Socket Protocol Handshake",
        "WebSocket-",
    )
}

/// Returns the response of either draft.
pub(super) fn response(
    request: &Request,
    custom: &HeaderList,
    phrase: &str,
    prefix: &str,
) -> Result<String, HandshakeError> {
    if !request.upgrades_to_websocket() {
        return Err(HandshakeError::NotWebSocket);
    }
    let mut headers = HeaderList::default();
    headers.push("Upgrade", "WebSocket");
    headers.push("Connection", "Upgrade");
    // Only these values come from the peer. A parsed request cannot contain a line break, but a
    // request made by a program can.
    if let Some(origin) = request.header("origin") {
        let set = headers.set(&format!("{prefix}Origin"), origin);
        set.map_err(|_| HandshakeError::InvalidRequestHeader("Origin"))?;
    }
    let set = headers.set(&format!("{prefix}Location"), request.location());
    set.map_err(|_| HandshakeError::InvalidRequestHeader("Host"))?;
    headers.extend(custom);
    Ok(format!("HTTP/1.1 101 {phrase}\r\n{}\r\n", headers.lines()))
}
