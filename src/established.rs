//! Connections whose opening handshake was made elsewhere.

use engine::connection;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::connection::Connection;
use crate::convert::options::ConnectionOptions;
use crate::deflate::DeflateSession;

#[napi]
impl Connection {
    /// Creates a connection whose opening handshake was made elsewhere, in RFC 6455's version or in version 8. It is
    /// open: it writes nothing and emits no event for the opening. `deflate` states the negotiated parameters, if
    /// messages are compressed. The connection uses only these parameters, not the session.
    #[napi(factory, catch_unwind)]
    pub fn established(
        is_client: bool,
        options: ConnectionOptions,
        deflate: Option<ClassInstance<DeflateSession>>,
    ) -> Self {
        let agreed = deflate.and_then(|deflate| deflate.agreed());
        Self::from(connection::established(is_client, options.into(), agreed))
    }
}
