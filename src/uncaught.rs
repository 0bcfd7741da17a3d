//! Exceptions that no handler has caught.

use napi::bindgen_prelude::{JsValue as _, Unknown};
use napi::{Env, Result, sys};
use napi_derive::napi;

/// Raises an exception that an event handler has thrown, as Node does: `uncaughtException`, the `error` of a domain,
/// or the end of the process, before this returns. Throwing it would leave the asynchronous context first.
#[napi(catch_unwind)]
pub fn raise(env: &Env, error: Unknown) -> Result<()> {
    // SAFETY: the environment and the value are those of the call that is under way.
    unsafe { sys::napi_fatal_exception(env.raw(), error.raw()) };
    Ok(())
}
