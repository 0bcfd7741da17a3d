//! Opening handshakes that are made outside of a connection, in part or as a whole.

use proto::error::Refusal;
pub use proto::handshake::accept::accept_value;
use proto::handshake::{accept, refusal};
use proto::http::request::Request;
use proto::policy::Policy;

use crate::randomness::nonce;

/// Reads the headers of the handshake from a request that the caller has parsed. `header` returns the value of a
/// header by its name in lower case.
///
/// # Errors
/// The error that `header` returns.
pub fn request<E>(
    method: &str,
    location: &str,
    needs_host: bool,
    mut header: impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<Request, E> {
    let mut request = Request::new(method, location, needs_host);
    for name in Request::HEADERS {
        if let Some(value) = header(name)? {
            request.add_header(name, value);
        }
    }
    Ok(request)
}

/// Returns the reason for which a server's `start` would refuse this request; None if it would accept the request.
#[must_use]
pub fn judge(request: &Request, policy: &Policy) -> Option<Refusal> {
    refusal(request, policy)
}

/// Returns a new `Sec-WebSocket-Key`: 16 unpredictable bytes in base64.
#[must_use]
pub fn key() -> String {
    accept::key(nonce())
}
