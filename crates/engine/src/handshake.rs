//! Opening handshakes that are made in part, or as a whole, outside of a connection.

use proto::error::Refusal;
pub use proto::handshake::accept::accept_value;
use proto::handshake::{accept, refusal};
use proto::http::request::Request;

use crate::options::ConnectionOptions;
use crate::randomness::nonce;

/// What the handshake needs of a request that was parsed elsewhere. `header` looks one up by its name in lower case.
///
/// # Errors
/// That of `header`.
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

/// Why a server's start would refuse this request; None for a good one.
#[must_use]
pub fn judge(request: &Request, options: ConnectionOptions) -> Option<Refusal> {
    refusal(request, &options.server())
}

/// A fresh `Sec-WebSocket-Key`: the base64 form of 16 unpredictable bytes.
#[must_use]
pub fn key() -> String {
    accept::key(nonce())
}
