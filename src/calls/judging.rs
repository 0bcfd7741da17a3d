//! The judgement of a request before a connection exists.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use engine::{handshake, registry};
use napi::sys;

use super::index;
use super::lifecycle::{REQUEST, requested};

/// Returns whether a connection with the policy of that number would accept a request. The other arguments describe the
/// request. Returns false if one of them has a wrong type: `judgeHandshake` throws for it.
pub(super) unsafe extern "C" fn accepts(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut arguments = [null_mut(); 1 + REQUEST];
    let mut count = arguments.len();
    let mut accepts = null_mut();
    // SAFETY: environment and call are the running ones; the array has `count` places, and N-API fills those without
    // an argument with undefined.
    unsafe {
        let place = arguments.as_mut_ptr();
        sys::napi_get_cb_info(env, info, &mut count, place, null_mut(), null_mut());
    }
    let [policy, request @ ..] = arguments;
    let judge = || {
        let policy = registry::policy(index(env, policy)?)?;
        Some(handshake::judge(&requested(env, &request).ok()?, &policy).is_none())
    };
    let accepted = catch_unwind(AssertUnwindSafe(judge));
    // SAFETY: as above.
    unsafe { sys::napi_get_boolean(env, matches!(accepted, Ok(Some(true))), &mut accepts) };
    accepts
}
