//! Tunnels through HTTP proxies: the CONNECT request and its response.
//!
//! The content of the tunnel is outside this module.

use super::accept::basic_credentials;
use crate::error::InvalidArgument;
use crate::http::head::{HeadScanner, ResponseHead};
use crate::http::headers::HeaderList;

/// A request for a tunnel.
#[derive(Debug)]
pub struct Connect {
    authority: String,
    headers: HeaderList,
    response: Vec<u8>,
    scanner: HeadScanner,
}

/// The destination of a tunnel, and the credentials for the proxy.
#[derive(Clone, Debug, Default)]
pub struct Tunnel {
    /// Host and port, always both: the target of `CONNECT`.
    pub authority: String,
    /// The value of `Host`: host, and port unless it is the default port.
    pub host: String,
    /// The user for the *proxy*, percent-encoded. Sent only together with a password.
    pub username: String,
    /// The password for the *proxy*, percent-encoded. Sent only together with a user.
    pub password: String,
}

/// The response of the proxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProxyResponse {
    /// Status 200: the tunnel is open, and bytes written now reach the server.
    Connected(ResponseHead),
    /// Any other response, or `None` if it is not HTTP.
    Refused(Option<ResponseHead>),
}

impl Connect {
    /// Creates a request for a tunnel.
    #[must_use]
    pub fn new(tunnel: Tunnel) -> Self {
        let mut headers = HeaderList::default();
        headers.push("Host", &tunnel.host);
        headers.push("Connection", "keep-alive");
        headers.push("Proxy-Connection", "keep-alive");
        if let Some(credentials) = basic_credentials(&tunnel.username, &tunnel.password) {
            headers.push("Proxy-Authorization", &credentials);
        }
        let scanner = HeadScanner::default();
        Self {
            authority: tunnel.authority,
            headers,
            response: Vec::new(),
            scanner,
        }
    }

    /// Adds a header for the proxy. The headers above take precedence.
    ///
    /// # Errors
    /// See [`HeaderList::set`].
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), InvalidArgument> {
        self.headers.set(name, value)
    }

    /// Returns the bytes of the request.
    #[must_use]
    pub fn request(&self) -> String {
        format!(
            "CONNECT {} HTTP/1.1\r\n{}\r\n",
            self.authority,
            self.headers.lines()
        )
    }

    /// Adds bytes from the proxy. Returns the response when its head is complete. Discards bytes that
    /// follow the head, because the server has received no request yet.
    pub fn receive(&mut self, bytes: &[u8]) -> Option<ProxyResponse> {
        self.response.extend_from_slice(bytes);
        match self.scanner.response(&self.response) {
            Ok(None) => None,
            Ok(Some((head, _))) if head.status == 200 => Some(ProxyResponse::Connected(head)),
            Ok(Some((head, _))) => Some(ProxyResponse::Refused(Some(head))),
            Err(_) => Some(ProxyResponse::Refused(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect() -> Connect {
        Connect::new(Tunnel {
            authority: "example.com:443".to_owned(),
            host: "example.com".to_owned(),
            username: "user".to_owned(),
            password: "pass".to_owned(),
        })
    }

    #[test]
    fn our_headers_precede_the_callers() {
        let mut connect = connect();
        connect.set_header("User-Agent", "Chrome").unwrap();
        assert_eq!(
            connect.request(),
            "CONNECT example.com:443 HTTP/1.1\r\n\
             Host: example.com\r\n\
             Connection: keep-alive\r\n\
             Proxy-Connection: keep-alive\r\n\
             Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\
             User-Agent: Chrome\r\n\r\n"
        );
    }

    #[test]
    fn only_status_200_opens_the_tunnel() {
        let status = |response: &str| match connect().receive(response.as_bytes()) {
            Some(ProxyResponse::Connected(head)) => Some((true, head.status)),
            Some(ProxyResponse::Refused(Some(head))) => Some((false, head.status)),
            Some(ProxyResponse::Refused(None)) => Some((false, 0)),
            None => None,
        };
        assert_eq!(status("HTTP/1.1 200 OK\r\n\r\n"), Some((true, 200)));
        assert_eq!(
            status("HTTP/1.0 407 Who?\r\nA: b\r\n\r\n"),
            Some((false, 407))
        );
        assert_eq!(status("HTTP/1.1 204 No\r\n\r\n"), Some((false, 204)));
        assert_eq!(status("nonsense"), Some((false, 0)));
        assert_eq!(status("HTTP/1.1 200 OK\r\n"), None);
    }
}
