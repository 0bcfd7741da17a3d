//! The functions that JavaScript calls once or twice in the life of a connection: they create, start, poll, close and
//! release it.
//!
//! Most connections need nothing else, so these functions create no object of the class `Connection` and none for an
//! ordinary result. `Connection.of` creates the object when a program needs the other methods.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use engine::calls::Behind;
use engine::connection::{self, Polled, Wants};
use engine::event::FlatEvent;
use engine::{options, registry};
use napi::bindgen_prelude::{FromNapiValue as _, ToNapiValue};
use napi::{Env, JsError, Result, sys};
use proto::http::request::Request;
use proto::output::{Caused, Event};
use proto::policy::Policy;

use super::{Callback, DECODES, Fallbacks, TAKES, WRITES, call, index, null, number_of, run};
use crate::connection::Outcome;
use crate::convert::error::throw;
use crate::convert::options::ConnectionOptions;
use crate::convert::output;
use crate::convert::value::{Shelf, with_bytes, with_text};
use crate::handshake::list;
use crate::seam::ReadyState;

/// The functions of this module by name.
pub(super) const FUNCTIONS: [(&str, Callback); 11] = [
    ("server", server),
    ("version", version),
    ("protocol", protocol),
    ("start", start),
    ("wouldClose", would_close),
    ("poll", poll),
    ("close", close),
    ("readyState", ready_state),
    ("hasWork", has_work),
    ("bufferedAmount", buffered_amount),
    ("release", release),
];

/// Creates the connection of a server, and keeps it until `release`, or until an object of `Connection.of` is
/// collected.
unsafe extern "C" fn server(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut arguments = [null_mut(); 1 + REQUEST];
    let mut count = arguments.len();
    // SAFETY: environment and call are the running ones; the array has `count` places, and N-API fills those without
    // an argument with undefined.
    unsafe {
        let place = arguments.as_mut_ptr();
        sys::napi_get_cb_info(env, info, &mut count, place, null_mut(), null_mut());
    }
    let create = || {
        let [options, request @ ..] = arguments;
        let request = requested(env, &request)?;
        let policy = match index(env, options).and_then(registry::policy) {
            Some(policy) => Policy::clone(&policy),
            None => {
                // SAFETY: as above.
                let options =
                    unsafe { Option::<ConnectionOptions>::from_napi_value(env, options) }?;
                options
                    .map_or_else(options::ConnectionOptions::default, Into::into)
                    .server()
            }
        };
        let connection = connection::server(request, policy);
        connection.map_err(|mistake| throw(&Env::from_raw(env), mistake))
    };
    match catch_unwind(AssertUnwindSafe(create)) {
        Ok(Ok(connection)) => number_of(env, f64::from(connection.keep())).unwrap_or(null_mut()),
        Ok(Err(error)) => {
            // SAFETY: as above.
            unsafe { JsError::from(error).throw_into(env) };
            null_mut()
        }
        Err(_) => {
            // SAFETY: as above; the text ends with a zero.
            unsafe { sys::napi_throw_error(env, null_mut(), super::BUG.as_ptr()) };
            null_mut()
        }
    }
}

/// The number of arguments that describe a request.
pub(super) const REQUEST: usize = 3 + Request::HEADERS.len();

/// Reads a request: its method, its location, whether it needs a host, and the values of the headers that the handshake
/// reads.
pub(super) fn requested(
    env: sys::napi_env,
    &[method, location, needs_host, ref headers @ ..]: &[sys::napi_value; REQUEST],
) -> Result<Request> {
    let mut needs = false;
    // SAFETY: the environment and the value are those of the running call.
    unsafe { sys::napi_get_value_bool(env, needs_host, &mut needs) };
    let (method, location) = (string(env, method)?, string(env, location)?);
    let (method, location) = (method.unwrap_or_default(), location.unwrap_or_default());
    let mut request = Request::new(&method, &location, needs);
    for (name, &value) in Request::HEADERS.into_iter().zip(headers) {
        if !is_undefined(env, value)
            && let Some(value) = string(env, value)?
        {
            request.add_header(name, value);
        }
    }
    Ok(request)
}

fn is_undefined(env: sys::napi_env, value: sys::napi_value) -> bool {
    let mut kind = 0;
    // SAFETY: the environment and the value are those of the running call.
    unsafe { sys::napi_typeof(env, value, &mut kind) };
    kind == sys::ValueType::napi_undefined
}

/// Reads a string; an array of strings becomes a list. Returns None for any other value.
fn string(env: sys::napi_env, value: sys::napi_value) -> Result<Option<String>> {
    let copy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    // SAFETY: the environment is that of the running call.
    match unsafe { with_text(env, value, copy) } {
        Some(text) => Ok(Some(text)),
        None => list(env, value),
    }
}

unsafe extern "C" fn version(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, TAKES, |connection, [_]: [_; 1]| {
        Some(text(env, connection.connection().version().name()))
    })
}

unsafe extern "C" fn protocol(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(
        env,
        info,
        DECODES,
        |connection, [_]: [_; 1]| match connection.connection().subprotocol() {
            Some(name) => Some(text(env, name)),
            None => null(env),
        },
    )
}

fn text(env: sys::napi_env, text: &str) -> sys::napi_value {
    let mut value = null_mut();
    // SAFETY: the environment is that of the running call; pointer and length are those of a string, which V8 copies.
    unsafe {
        let (pointer, length) = (text.as_ptr().cast(), text.len() as isize);
        sys::napi_create_string_utf8(env, pointer, length, &mut value);
    }
    value
}

unsafe extern "C" fn start(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, REFUSES, |connection, [_]: [_; 1]| {
        let caused = connection.start();
        let is_open = caused.accepted && matches!(caused.events[..], [Event::Open]);
        let is_idle = {
            let connection = connection.connection();
            !connection.has_work() && !connection.has_unread()
        };
        if is_open && is_idle {
            return boolean(env, true);
        }
        outcome(env, caused)
    })
}

unsafe extern "C" fn would_close(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, REFUSES, |connection, [_, chunk]: [_; 2]| {
        // SAFETY: the environment and the values are those of the running call, and this runs no JavaScript.
        let is = unsafe {
            with_bytes(env, chunk, |chunk| {
                connection.connection().would_close(chunk)
            })
        }?;
        boolean(env, is)
    })
}

unsafe extern "C" fn close(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(
        env,
        info,
        REFUSES,
        |connection, [_, code, reason]: [_; 3]| {
            let mut number = 0.0;
            // SAFETY: the environment and the values are those of the running call.
            let status = unsafe { sys::napi_get_value_double(env, code, &mut number) };
            let code = (status == sys::Status::napi_ok).then_some(number);
            let reason = string(env, reason).ok().flatten().unwrap_or_default();
            match connection.close(code, &reason) {
                Ok(caused) if caused.events.is_empty() && !connection.connection().has_work() => {
                    boolean(env, caused.accepted)
                }
                Ok(caused) => outcome(env, caused),
                Err(mistake) => {
                    throw(&Env::from_raw(env), mistake);
                    Some(null_mut())
                }
            }
        },
    )
}

unsafe extern "C" fn poll(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(
        env,
        info,
        DECODES,
        |connection, [_, wants, memory, used]: [_; 4]| {
            let used = index(env, used);
            let shelf = used.map(|used| Shelf::new(memory, used as usize));
            match run(env, connection, shelf) {
                (None, Behind::More) => {}
                (None, Behind::Nothing) => return null(env),
                (array, _) => return array,
            }
            let mut bits = 0;
            // SAFETY: as above.
            unsafe { sys::napi_get_value_uint32(env, wants, &mut bits) };
            let wants = Wants {
                pings: bits & PINGS != 0,
                pongs: bits & PONGS != 0,
                writes: bits & WRITES_TOO != 0,
            };
            let environment = Env::from_raw(env);
            let output = connection.poll(wants, |polled| match polled {
                Polled::Event(FlatEvent {
                    kind: "close",
                    code: Some(code),
                    reason: Some(reason),
                    ..
                }) if reason.is_empty() => Some(number_of(env, f64::from(code))),
                polled => Some(match output::polled(&environment, polled)? {
                    // SAFETY: as above.
                    Ok(output) => unsafe { ToNapiValue::to_napi_value(env, output) }.ok(),
                    Err(_) => None,
                }),
            });
            output.unwrap_or_else(|| null(env))
        },
    )
}

unsafe extern "C" fn ready_state(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, CLOSED, |connection, [_]: [_; 1]| {
        let state = ReadyState::from(connection.connection().ready_state());
        number_of(env, f64::from(state as i32))
    })
}

unsafe extern "C" fn has_work(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, REFUSES, |connection, [_]: [_; 1]| {
        boolean(env, connection.connection().has_work())
    })
}

unsafe extern "C" fn buffered_amount(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, WRITES, |connection, [_]: [_; 1]| {
        number_of(env, connection.connection().buffered_amount() as f64)
    })
}

unsafe extern "C" fn release(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, TAKES, |_, [number]: [_; 1]| {
        registry::release_connection(index(env, number)?);
        Some(null_mut())
    })
}

fn boolean(env: sys::napi_env, is: bool) -> Option<sys::napi_value> {
    let mut value = null_mut();
    // SAFETY: the environment is that of the running call.
    unsafe { sys::napi_get_boolean(env, is, &mut value) };
    Some(value)
}

fn outcome(env: sys::napi_env, caused: Caused) -> Option<sys::napi_value> {
    let environment = Env::from_raw(env);
    let outcome = Outcome::new(&environment, caused).ok()?;
    // SAFETY: the environment is that of the running call.
    unsafe { ToNapiValue::to_napi_value(env, outcome) }.ok()
}

/// The bits of `poll`'s second argument.
const PINGS: u32 = 1;
const PONGS: u32 = 2;
const WRITES_TOO: u32 = 4;

const REFUSES: Fallbacks = Fallbacks {
    faulted: |env| boolean(env, false),
    released: |env| boolean(env, false),
};
const CLOSED: Fallbacks = Fallbacks {
    faulted: |env| number_of(env, f64::from(ReadyState::Closed as i32)),
    released: |env| number_of(env, f64::from(ReadyState::Closed as i32)),
};
