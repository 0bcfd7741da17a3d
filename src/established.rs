//! Connections whose opening handshake was made elsewhere.

use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;
use proto::connection::Connection as Core;
use proto::handshake::Version;

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
        let version = match options.version {
            Some(8) => Version::Hybi8,
            _ => Version::Hybi13,
        };
        let policy = match is_client {
            true => options.client(),
            false => options.server(),
        };
        let agreed = deflate.and_then(|deflate| deflate.agreed());
        Self::from(Core::established(&policy, version, agreed))
    }
}
