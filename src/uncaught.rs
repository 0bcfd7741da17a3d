//! Exceptions that no handler has caught.

use napi::bindgen_prelude::{JsValue as _, Unknown};
use napi::{Env, Result, sys};
use napi_derive::napi;

/// Raises an exception of an event handler as Node does: as `uncaughtException`, as the `error` of a domain, or as
/// the end of the process, before this function returns. A `throw` would leave the asynchronous context first.
#[napi(catch_unwind)]
pub fn raise(env: &Env, error: Unknown) -> Result<()> {
    // SAFETY: the environment and the value are those of the running call.
    unsafe { sys::napi_fatal_exception(env.raw(), error.raw()) };
    Ok(())
}
