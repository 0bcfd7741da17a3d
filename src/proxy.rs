//! `Connect`: the request to a proxy for a tunnel.

use engine::proxy::{self, Tunnel};
use napi::{Env, Result};
use napi_derive::napi;

use crate::convert::error::throw;
use crate::convert::value::Bytes;

/// A request for a tunnel, and the proxy's response.
#[napi]
pub struct Connect {
    connect: proxy::Connect,
}

/// The end of the tunnel, and the credentials for the proxy.
#[napi(object, object_to_js = false)]
pub struct TunnelTarget {
    /// The host and the port.
    pub authority: String,
    /// The host, and the port unless it is the default one.
    pub host: String,
    /// The user name at the proxy; percent-encoded.
    pub username: String,
    /// The password at the proxy; percent-encoded.
    pub password: String,
}

/// The proxy's response.
#[napi(object, object_from_js = false)]
pub struct ConnectResponse {
    /// Whether the tunnel exists.
    pub connected: bool,
    /// The status code; absent if the response was not HTTP.
    pub status_code: Option<u16>,
    /// Name, value, name, value …
    pub headers: Vec<String>,
}

#[napi]
impl Connect {
    /// Creates a request that has not been sent.
    #[napi(constructor, catch_unwind)]
    pub fn new(target: TunnelTarget) -> Self {
        let connect = proxy::Connect::new(target.into());
        Self { connect }
    }

    /// Adds a header for the proxy.
    #[napi(catch_unwind)]
    pub fn set_header(&mut self, env: &Env, name: String, value: String) -> Result<()> {
        self.connect
            .set_header(&name, &value)
            .map_err(|mistake| throw(env, mistake))
    }

    /// Returns the bytes of the request.
    #[napi(catch_unwind)]
    pub fn request(&self) -> String {
        self.connect.request()
    }

    /// Parses bytes from the proxy. Returns null until its response is complete.
    #[napi(catch_unwind)]
    pub fn receive(
        &mut self,
        #[napi(ts_arg_type = "Uint8Array")] chunk: Bytes<'_>,
    ) -> Option<ConnectResponse> {
        let response = self.connect.receive(&chunk)?;
        Some(ConnectResponse {
            connected: response.connected,
            status_code: response.status_code,
            headers: response.headers,
        })
    }
}

impl From<TunnelTarget> for Tunnel {
    fn from(target: TunnelTarget) -> Self {
        Self {
            authority: target.authority,
            host: target.host,
            username: target.username,
            password: target.password,
        }
    }
}
