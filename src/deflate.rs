//! permessage-deflate for JavaScript: negotiation in a `Connection`, and sessions without one.

use engine::deflate;
use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Result};
use napi_derive::napi;
use proto::extension::deflate::agreement::Agreed;

use crate::connection::Connection;
use crate::convert::error::throw;
use crate::convert::value::Bytes;
use crate::extensions::{ExtensionParameter, from_parameters, to_parameters};

/// Options of permessage-deflate. Values out of range cause a RangeError.
#[napi(object, object_to_js = false)]
pub struct DeflateOptions {
    /// zlib's level, 0 to 9. -1 or no value means our default.
    pub level: Option<i32>,
    /// zlib's memory level, 1 to 9. Default 8.
    pub mem_level: Option<i32>,
    /// zlib's strategy, 0 to 4. Default 0.
    pub strategy: Option<i32>,
    /// Whether we compress each message on its own. Default false.
    pub no_context_takeover: Option<bool>,
    /// The base-2 logarithm of our window, 8 to 15. Default 15.
    pub max_window_bits: Option<i32>,
    /// Whether we ask the peer to compress each message on its own. Default false.
    pub request_no_context_takeover: Option<bool>,
    /// The maximum window that we ask the peer to use, as a base-2 logarithm.
    pub request_max_window_bits: Option<i32>,
    /// The size in bytes below which messages are sent uncompressed. Default 0. Without a connection, the caller
    /// applies it.
    pub threshold: Option<f64>,
}

impl From<DeflateOptions> for deflate::DeflateOptions {
    fn from(options: DeflateOptions) -> Self {
        Self {
            level: options.level,
            mem_level: options.mem_level,
            strategy: options.strategy,
            no_context_takeover: options.no_context_takeover,
            max_window_bits: options.max_window_bits,
            request_no_context_takeover: options.request_no_context_takeover,
            request_max_window_bits: options.request_max_window_bits,
            threshold: options.threshold,
        }
    }
}

#[napi]
impl Connection {
    /// Adds a client's offer of permessage-deflate.
    #[napi(catch_unwind)]
    pub fn offer_deflate(&mut self, env: &Env, options: DeflateOptions) -> Result<()> {
        self.engine
            .offer_deflate(options.into())
            .map_err(|mistake| throw(env, mistake))
    }

    /// Adds a server's response to the client's offers of permessage-deflate. Returns false if no offer is
    /// acceptable, or if another extension uses its bit.
    #[napi(catch_unwind)]
    pub fn answer_deflate(&mut self, env: &Env, options: DeflateOptions) -> Result<bool> {
        self.engine
            .answer_deflate(options.into())
            .map_err(|mistake| throw(env, mistake))
    }

    /// Returns whether the server's response to our offer of permessage-deflate is acceptable.
    #[napi(catch_unwind)]
    pub fn activate_deflate(&mut self, env: &Env, options: DeflateOptions) -> Result<bool> {
        self.engine
            .activate_deflate(options.into())
            .map_err(|mistake| throw(env, mistake))
    }

    /// Returns the negotiated session, for a pipeline with other extensions. The connection itself then compresses
    /// nothing.
    #[napi(catch_unwind)]
    pub fn take_deflate(&mut self) -> Option<DeflateSession> {
        let session = self.engine.take_deflate()?;
        Some(DeflateSession { session })
    }
}

/// One permessage-deflate session outside of our connections: for other libraries, and beside other extensions.
#[napi]
pub struct DeflateSession {
    session: deflate::DeflateSession,
}

#[napi]
impl DeflateSession {
    /// Creates the session of a client.
    #[napi(factory, catch_unwind)]
    pub fn client(env: &Env, options: DeflateOptions, max_length: f64) -> Result<Self> {
        let session = deflate::DeflateSession::client(options.into(), max_length);
        let session = session.map_err(|mistake| throw(env, mistake))?;
        Ok(Self { session })
    }

    /// Creates the session of a server for the first acceptable offer; null if there is none.
    #[napi(catch_unwind)]
    pub fn server(
        env: &Env,
        options: DeflateOptions,
        offers: Vec<Vec<ExtensionParameter>>,
        max_length: f64,
    ) -> Result<Option<DeflateSession>> {
        let offers = offers.into_iter().map(to_parameters).collect();
        let session = deflate::DeflateSession::server(options.into(), offers, max_length);
        let session = session.map_err(|mistake| throw(env, mistake))?;
        Ok(session.map(|session| Self { session }))
    }

    /// Returns a client's offer.
    #[napi(catch_unwind)]
    pub fn offer(&self) -> Vec<ExtensionParameter> {
        from_parameters(self.session.offer())
    }

    /// Returns whether the response to a client's offer is acceptable. If so, the session can be used from now on.
    #[napi(catch_unwind)]
    pub fn activate(&mut self, parameters: Vec<ExtensionParameter>) -> bool {
        self.session.activate(to_parameters(parameters))
    }

    /// Returns a client's offer as the value of a header.
    #[napi(catch_unwind)]
    pub fn offer_header(&self) -> Option<String> {
        self.session.offer_header()
    }

    /// Returns whether a server's header contains an acceptable response to a client's offer, and names no other
    /// extension. If so, the session can be used from now on.
    #[napi(catch_unwind)]
    pub fn activate_header(&mut self, header: String) -> bool {
        self.session.activate_header(&header)
    }

    /// Returns a server's response.
    #[napi(catch_unwind)]
    pub fn response(&self) -> Vec<ExtensionParameter> {
        from_parameters(self.session.response())
    }

    /// Inflates a message. Returns null for a large message: `inflateMore` continues in a later turn of the event
    /// loop. Throws an Error with zlib's message, or with the code `too_large`.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn inflate<'env>(
        &mut self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<Option<BufferSlice<'env>>> {
        let message = self
            .session
            .inflate(&payload, |message| BufferSlice::copy_from(env, message));
        message.map_err(|mistake| throw(env, mistake))?.transpose()
    }

    /// Continues to inflate a large message.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn inflate_more<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        let message = self
            .session
            .inflate_more(|message| BufferSlice::copy_from(env, message));
        message.map_err(|mistake| throw(env, mistake))?.transpose()
    }

    /// Compresses a message. Returns null for a large message: `deflateMore` continues in a later turn.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn deflate<'env>(
        &mut self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<Option<BufferSlice<'env>>> {
        let message = self
            .session
            .deflate(&payload, |message| BufferSlice::copy_from(env, message));
        message.map_err(|mistake| throw(env, mistake))?.transpose()
    }

    /// Continues to compress a large message.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn deflate_more<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        let message = self
            .session
            .deflate_more(|message| BufferSlice::copy_from(env, message));
        message.map_err(|mistake| throw(env, mistake))?.transpose()
    }

    /// Releases the memory. The session cannot be used any more.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.session.close();
    }
}

impl DeflateSession {
    /// Returns the negotiated parameters, for a connection that compresses by itself.
    pub(crate) fn agreed(&self) -> Option<Agreed> {
        self.session.agreed()
    }
}
