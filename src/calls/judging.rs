//! The judgement of a request before a connection exists.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use engine::{handshake, registry};
use napi::sys;
use proto::http::request::Request;

use super::index;
use crate::convert::value::with_text;

/// Returns whether a connection with the policy of that number would accept a request. The other arguments are the
/// method, whether the request needs a host, and the values of the headers that the handshake reads. Returns false if a
/// value is neither a string nor undefined: `judgeHandshake` reads such values, too.
pub(super) unsafe extern "C" fn accepts(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut arguments = [null_mut(); 3 + Request::HEADERS.len()];
    let mut count = arguments.len();
    let mut accepts = null_mut();
    // SAFETY: environment and call are the running ones; the array has `count` places, and N-API fills those without
    // an argument with undefined.
    unsafe {
        let place = arguments.as_mut_ptr();
        sys::napi_get_cb_info(env, info, &mut count, place, null_mut(), null_mut());
    }
    let accepted = catch_unwind(AssertUnwindSafe(|| judge(env, &arguments)));
    // SAFETY: as above.
    unsafe { sys::napi_get_boolean(env, matches!(accepted, Ok(Some(true))), &mut accepts) };
    accepts
}

fn judge(env: sys::napi_env, arguments: &[sys::napi_value]) -> Option<bool> {
    let &[number, method, needs_host, ref headers @ ..] = arguments else {
        return None;
    };
    let policy = registry::policy(index(env, number)?)?;
    let mut needs = false;
    // SAFETY: the environment and the value are those of the running call.
    unsafe { sys::napi_get_value_bool(env, needs_host, &mut needs) };
    let mut request = Request::new(&text(env, method)?, "", needs);
    for (name, &value) in Request::HEADERS.into_iter().zip(headers) {
        if !is_undefined(env, value) {
            request.add_header(name, text(env, value)?);
        }
    }
    Some(handshake::judge(&request, &policy).is_none())
}

fn text(env: sys::napi_env, value: sys::napi_value) -> Option<String> {
    // SAFETY: the environment and the value are those of the running call; the closure runs no JavaScript.
    unsafe {
        with_text(env, value, |text| {
            String::from_utf8_lossy(text).into_owned()
        })
    }
}

fn is_undefined(env: sys::napi_env, value: sys::napi_value) -> bool {
    let mut kind = 0;
    // SAFETY: as in `text`.
    unsafe { sys::napi_typeof(env, value, &mut kind) };
    kind == sys::ValueType::napi_undefined
}
