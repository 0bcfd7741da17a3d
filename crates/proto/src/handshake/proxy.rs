//! HTTP CONNECT, before the upgrade.
//!
//! Knows how a tunnel is asked for and which answer grants it. Does not know what will go through.

use super::accept::basic_credentials;
use crate::error::InvalidArgument;
use crate::http::head::{HeadScanner, ResponseHead};
use crate::http::headers::HeaderList;

/// A tunnel being asked for.
#[derive(Debug)]
pub struct Connect {
    authority: String,
    headers: HeaderList,
    answer: Vec<u8>,
    scanner: HeadScanner,
}

/// Where the tunnel leads to, and what the proxy asks for.
#[derive(Clone, Debug, Default)]
pub struct Tunnel {
    /// Host and port, both of them always: what follows `CONNECT`.
    pub authority: String,
    /// Host, and port unless it is the default one: the value of `Host`.
    pub host: String,
    /// User and password for the *proxy*, percent-encoded; both, or they are not sent.
    pub username: String,
    /// See `username`.
    pub password: String,
}

/// What the proxy said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProxyAnswer {
    /// 200: what is written now goes to the server.
    Connected(ResponseHead),
    /// Anything else; `None` when it was not HTTP.
    Refused(Option<ResponseHead>),
}

impl Connect {
    /// A tunnel that has not been asked for.
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
            answer: Vec::new(),
            scanner,
        }
    }

    /// Adds a header for the proxy. The ones above are already there and win.
    ///
    /// # Errors
    /// See [`HeaderList::set`].
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), InvalidArgument> {
        self.headers.set(name, value)
    }

    /// The bytes that ask for it.
    #[must_use]
    pub fn request(&self) -> String {
        format!(
            "CONNECT {} HTTP/1.1\r\n{}\r\n",
            self.authority,
            self.headers.lines()
        )
    }

    /// Takes bytes from the proxy; the answer, once its head is complete. What follows the head in the
    /// same bytes is dropped: the server has not been asked anything yet.
    pub fn receive(&mut self, bytes: &[u8]) -> Option<ProxyAnswer> {
        self.answer.extend_from_slice(bytes);
        match self.scanner.response(&self.answer) {
            Ok(None) => None,
            Ok(Some((head, _))) if head.status == 200 => Some(ProxyAnswer::Connected(head)),
            Ok(Some((head, _))) => Some(ProxyAnswer::Refused(Some(head))),
            Err(_) => Some(ProxyAnswer::Refused(None)),
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
    fn asks_with_our_headers_before_the_callers() {
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
    fn only_200_grants_the_tunnel() {
        let status = |answer: &str| match connect().receive(answer.as_bytes()) {
            Some(ProxyAnswer::Connected(head)) => Some((true, head.status)),
            Some(ProxyAnswer::Refused(Some(head))) => Some((false, head.status)),
            Some(ProxyAnswer::Refused(None)) => Some((false, 0)),
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
