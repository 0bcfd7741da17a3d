//! `Prepared`: a message that is sent on many connections.

use engine::registry::{self, Registration};
use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Result};
use napi_derive::napi;
use proto::hybi::prepared;
use proto::output::Kind;

use crate::convert::value::Bytes;

/// One message. Its frames are encoded at their first use, and stored.
#[napi]
pub struct Prepared {
    registration: Registration<prepared::Prepared>,
}

#[napi]
impl Prepared {
    /// Creates a text message.
    #[napi(factory, catch_unwind)]
    pub fn text(message: String) -> Self {
        Self::new(Kind::Text, message.as_bytes())
    }

    /// Creates a binary message from a copy of these bytes.
    #[napi(factory, catch_unwind)]
    pub fn binary(#[napi(ts_arg_type = "Uint8Array")] message: Bytes<'_>) -> Self {
        Self::new(Kind::Binary, &message)
    }

    /// The number of the message for `calls().prepared`.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> u32 {
        self.registration.number()
    }

    /// Its length in bytes.
    #[napi(getter, catch_unwind)]
    pub fn length(&self) -> f64 {
        self.registration.payload().len() as f64
    }

    /// Returns a copy of its bytes.
    #[napi(catch_unwind, ts_return_type = "Buffer")]
    pub fn payload<'env>(&self, env: &'env Env) -> Result<BufferSlice<'env>> {
        BufferSlice::copy_from(env, self.registration.payload())
    }
}

impl Prepared {
    fn new(kind: Kind, payload: &[u8]) -> Self {
        Self {
            registration: registry::prepare(kind, payload),
        }
    }
}
