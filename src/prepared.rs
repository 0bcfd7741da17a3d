//! `Prepared`: a message that is sent on many connections.

use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Result};
use napi_derive::napi;
use proto::hybi::prepared;
use proto::output::Kind;

/// One message. Its frames are made when they are first needed, and kept.
#[napi]
pub struct Prepared {
    message: prepared::Prepared,
}

#[napi]
impl Prepared {
    /// A text message.
    #[napi(factory, catch_unwind)]
    pub fn text(message: String) -> Self {
        Self::new(Kind::Text, message.as_bytes())
    }

    /// A binary message: a copy of these bytes.
    #[napi(factory, catch_unwind)]
    pub fn binary(message: &[u8]) -> Self {
        Self::new(Kind::Binary, message)
    }

    /// Whether it is text.
    #[napi(getter, catch_unwind)]
    pub fn is_text(&self) -> bool {
        self.message.kind() == Kind::Text
    }

    /// A copy of its bytes.
    #[napi(catch_unwind, ts_return_type = "Buffer")]
    pub fn payload<'env>(&self, env: &'env Env) -> Result<BufferSlice<'env>> {
        BufferSlice::copy_from(env, self.message.payload())
    }
}

impl Prepared {
    fn new(kind: Kind, payload: &[u8]) -> Self {
        Self {
            message: prepared::Prepared::new(kind, payload),
        }
    }

    pub(crate) fn message(&self) -> &prepared::Prepared {
        &self.message
    }
}
