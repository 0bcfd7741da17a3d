//! The request to a proxy for a tunnel.

pub use proto::handshake::proxy::Tunnel;
use proto::handshake::proxy::{self, ProxyResponse};

use crate::http::flat_headers;
use crate::mistake::Mistake;

/// A request for a tunnel, and the proxy's response.
#[derive(Debug)]
pub struct Connect {
    connect: proxy::Connect,
}

/// The proxy's response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectResponse {
    /// Whether the tunnel exists.
    pub connected: bool,
    /// The status code; None if the response was not HTTP.
    pub status_code: Option<u16>,
    /// Name, value, name, value …
    pub headers: Vec<String>,
}

impl Connect {
    /// Creates a request that has not been sent.
    #[must_use]
    pub fn new(tunnel: Tunnel) -> Self {
        Self {
            connect: proxy::Connect::new(tunnel),
        }
    }

    /// Adds a header for the proxy.
    ///
    /// # Errors
    /// A TypeError for a header that cannot be written.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        Ok(self.connect.set_header(name, value)?)
    }

    /// Returns the bytes of the request.
    #[must_use]
    pub fn request(&self) -> String {
        self.connect.request()
    }

    /// Parses bytes from the proxy. Returns None until its response is complete.
    pub fn receive(&mut self, chunk: &[u8]) -> Option<ConnectResponse> {
        let (connected, head) = match self.connect.receive(chunk)? {
            ProxyResponse::Connected(head) => (true, Some(head)),
            ProxyResponse::Refused(head) => (false, head),
        };
        let headers = head.as_ref().map(|head| flat_headers(&head.headers));
        Some(ConnectResponse {
            connected,
            status_code: head.map(|head| head.status),
            headers: headers.unwrap_or_default(),
        })
    }
}
