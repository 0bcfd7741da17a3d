//! Connections whose opening handshake was made elsewhere.

use engine::connection;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::connection::Connection;
use crate::convert::options::ConnectionOptions;
use crate::deflate::DeflateSession;

#[napi]
impl Connection {
    /// An end whose opening handshake was made elsewhere, in RFC 6455's version or in version 8. It is open: nothing is
    /// written, and no event comes. `deflate` is what was agreed on, if messages are compressed. Only the
    /// agreement of `deflate` is used, not its session.
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
