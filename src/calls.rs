//! Functions that JavaScript calls for every message or chunk. They name a connection by its number.
//!
//! napi-derive wraps a method: it unwraps the object, compares type tags and guards against aliases. That took a
//! third of the time for a message of 125 bytes, so these functions are registered without it. A number is valid
//! until the `Connection` is released or collected. After that, the functions return the results of an ended
//! connection.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use engine::calls::{Behind, kind};
use engine::registry::{self, Registered};
use napi::bindgen_prelude::{JsObjectValue as _, Object};
use napi::{Env, Result, sys};
use napi_derive::napi;
use proto::output::{Form, Kind};

use crate::convert::value::{Shelf, message, with_bytes, with_bytes_into, with_text};
use crate::seam::Sent;

mod judging;
mod lifecycle;

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// Returns these functions. A connection's number is valid until its `Connection` is released or collected.
#[napi(
    catch_unwind,
    ts_return_type = "{
  /** Sends a text message. Returns the number of bytes not yet taken, or a number of `Sent`. */
  text(number: number, message: string): number
  /** Sends a message of these bytes, as text or as binary. Returns a number as `text` does. */
  bytes(number: number, isText: boolean, message: Uint8Array): number
  /** Sends a message of at least `FULL_CHUNK` bytes, a string as text and bytes as binary, and offers it to the kernel at once: it is not copied if no other output waits. Returns a number as `text` does. */
  now(number: number, message: string | Uint8Array): number
  /** Sends a message of at least `FULL_CHUNK` bytes, a string as text and bytes as binary: puts its frame into this memory, and the bytes for which it has no room into the output. Returns the number of bytes in the memory; 0 if the message was not sent, because it cannot be written unchanged before all other output. */
  frame(number: number, message: string | Uint8Array, memory: Uint8Array): number
  /** Sends a message that was prepared for many connections: the `Prepared` of that number. Returns a number as `text` does. */
  prepared(number: number, message: number): number
  /** Sends a message uncompressed: a string as text, bytes as binary, or the `Prepared` of that number. Returns a number as `text` does. */
  plain(number: number, message: string | Uint8Array | number): number
  /** Stores bytes from the transport. */
  receive(number: number, chunk: Uint8Array): void
  /** Returns whether these bytes, the next from the transport, begin with a close frame. */
  wouldClose(number: number, chunk: Uint8Array): boolean
  /** Returns the next messages; null until more bytes arrive, undefined if another output precedes them: call `Connection.poll`. */
  messages(number: number): Array<string | Buffer> | null | undefined
  /** Returns the number of bytes not yet written. */
  outputLength(number: number): number
  /** Takes bytes not yet written, as many as fit. Returns their number. */
  takeOutput(number: number, into: Uint8Array): number
  /** Returns whether a connection with the `Policy` of that number would accept a request. The other arguments are those of `server`. */
  accepts(policy: number, method: string, location: string, needsHost: boolean, ...headers: any[]): boolean
  /** Creates the connection of a server, which exists until `release`. The first argument contains its options or is the number of a `Policy`; if undefined, the policy is the default of websocket-driver. The other arguments are those of `Connection.server`; the last are the values of the headers that the handshake reads. */
  server(policy: ConnectionOptions | number | undefined, method: string, location: string, needsHost: boolean, ...headers: any[]): number
  /** As `Connection.version`; undefined after the release. */
  version(number: number): string | undefined
  /** As `Connection.protocol`. */
  protocol(number: number): string | null
  /** As `Connection.start`. Returns true instead of an outcome that is accepted and has no other event than `open`, if no bytes were stored before the start. */
  start(number: number): boolean | Outcome
  /** As `Connection.poll`; `wants` has a bit for each argument: 1 for pings, 2 for pongs, 4 for writes. Puts short binary messages into `memory`, each at the next multiple of eight from `used`, and returns their lengths instead; the same for the bytes of pieces. Returns a number instead of the event `close`: the code, if there is no reason. Returns undefined if a panic has ended the connection: call `Connection.poll`. */
  poll(number: number, wants: number, memory?: Uint8Array, used?: number): Array<string | Buffer | number> | ConnectionEvent | number | null | undefined
  /** As `Connection.close`. Returns a boolean instead of an outcome without events. */
  close(number: number, code: number | undefined, reason: string): boolean | Outcome
  /** As `Connection.readyState`. */
  readyState(number: number): ReadyState
  /** As `Connection.hasWork`. */
  hasWork(number: number): boolean
  /** As `Connection.bufferedAmount`. */
  bufferedAmount(number: number): number
  /** As `Connection.release`. */
  release(number: number): void
}"
)]
pub fn calls(env: &Env) -> Result<Object<'_>> {
    let mut functions = Object::new(env)?;
    let all: [(&str, Callback); 11] = [
        ("text", text),
        ("bytes", bytes),
        ("now", now),
        ("frame", frame),
        ("prepared", prepared),
        ("plain", plain),
        ("receive", receive),
        ("messages", messages),
        ("outputLength", output_length),
        ("takeOutput", take_output),
        ("accepts", judging::accepts),
    ];
    let all = all.into_iter().chain(lifecycle::FUNCTIONS);
    for (name, callback) in all {
        functions.set_named_property(name, env.create_function::<(), ()>(name, callback)?)?;
    }
    Ok(functions)
}

unsafe extern "C" fn text(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, SENDS, |connection, [_, message]: [_; 2]| {
        // SAFETY: `call` passes on the environment of a running call.
        let pending = unsafe {
            with_text(env, message, |message| {
                connection.send(Form::Negotiated, Kind::Text, message)
            })
        };
        number_of(env, pending?)
    })
}

unsafe extern "C" fn bytes(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(
        env,
        info,
        SENDS,
        |connection, [_, is_text, message]: [_; 3]| {
            let mut is = false;
            // SAFETY: as in `text`; sending runs no JavaScript.
            let pending = unsafe {
                sys::napi_get_value_bool(env, is_text, &mut is);
                with_bytes(env, message, |message| {
                    connection.send(Form::Negotiated, kind(is), message)
                })
            };
            number_of(env, pending?)
        },
    )
}

unsafe extern "C" fn now(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, SENDS, |connection, [_, message]: [_; 2]| {
        let send = |kind, payload: &[u8]| connection.send_now(Form::Negotiated, kind, payload);
        // SAFETY: as in `text`; sending and writing run no JavaScript.
        let pending = unsafe {
            with_bytes(env, message, |bytes| send(Kind::Binary, bytes))
                .or_else(|| with_text(env, message, |text| send(Kind::Text, text)))
        };
        number_of(env, pending?)
    })
}

unsafe extern "C" fn frame(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let body = |connection: &Registered, [_, message, memory]: [_; 3]| {
        let put = |kind, payload: &[u8], memory: &mut [u8]| {
            connection.put_frame(Form::Negotiated, kind, payload, memory)
        };
        // SAFETY: as in `text`; sending runs no JavaScript.
        let length = unsafe {
            with_bytes_into(env, message, memory, |bytes, memory| {
                put(Kind::Binary, bytes, memory)
            })
            .or_else(|| {
                let with_memory =
                    |text: &[u8]| with_bytes(env, memory, |memory| put(Kind::Text, text, memory));
                with_text(env, message, with_memory).flatten()
            })
        };
        number_of(env, length? as f64)
    };
    call(env, info, WRITES, body)
}

unsafe extern "C" fn prepared(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, SENDS, |connection, [_, message]: [_; 2]| {
        let message = registry::prepared(index(env, message)?)?;
        number_of(env, connection.send_prepared(Form::Negotiated, &message))
    })
}

unsafe extern "C" fn plain(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, SENDS, |connection, [_, message]: [_; 2]| {
        if let Some(prepared) = index(env, message).and_then(registry::prepared) {
            return number_of(env, connection.send_prepared(Form::Plain, &prepared));
        }
        let send = |kind, payload: &[u8]| connection.send(Form::Plain, kind, payload);
        // SAFETY: as in `text`; sending runs no JavaScript.
        let pending = unsafe {
            with_text(env, message, |text| send(Kind::Text, text))
                .or_else(|| with_bytes(env, message, |bytes| send(Kind::Binary, bytes)))
        };
        number_of(env, pending?)
    })
}

unsafe extern "C" fn receive(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, TAKES, |connection, [_, chunk]: [_; 2]| {
        // SAFETY: as in `text`; receiving runs no JavaScript.
        unsafe { with_bytes(env, chunk, |chunk| connection.receive(chunk)) }?;
        Some(null_mut())
    })
}

unsafe extern "C" fn messages(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, DECODES, |connection, [_]: [_; 1]| {
        match run(env, connection, None) {
            (None, Behind::Nothing) => null(env),
            // An empty array would say that messages follow.
            (None, Behind::More) => Some(null_mut()),
            (array, _) => array,
        }
    })
}

/// Decodes a run of messages. Returns them as an array, if there are any. Messages on the shelf are numbers in it.
fn run(
    env: sys::napi_env,
    connection: &Registered,
    mut shelf: Option<Shelf>,
) -> (Option<sys::napi_value>, Behind) {
    let mut array: sys::napi_value = null_mut();
    let mut length = 0;
    let behind = connection.messages(|next| {
        // SAFETY: `call` passes on the environment of a running call, whose scope is open.
        let Some(value) = (unsafe { message(env, next, &mut shelf) }) else {
            return false;
        };
        // SAFETY: as above.
        unsafe {
            if array.is_null() {
                sys::napi_create_array(env, &mut array);
            }
            sys::napi_set_element(env, array, length, value);
        }
        length += 1;
        true
    });
    ((!array.is_null()).then_some(array), behind)
}

unsafe extern "C" fn output_length(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, WRITES, |connection, [_]: [_; 1]| {
        number_of(env, connection.output_length() as f64)
    })
}

unsafe extern "C" fn take_output(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, WRITES, |connection, [_, into]: [_; 2]| {
        // SAFETY: as in `text`; taking runs no JavaScript.
        let taken = unsafe { with_bytes(env, into, |into| connection.take_output(into)) }?;
        number_of(env, taken as f64)
    })
}

/// The results of a function that cannot use its connection.
#[derive(Clone, Copy)]
struct Fallbacks {
    /// The result for a connection that a panic has just ended. A comment at each names the function that reports
    /// the end.
    faulted: fn(sys::napi_env) -> Option<sys::napi_value>,
    /// The result for a connection that has been released.
    released: fn(sys::napi_env) -> Option<sys::napi_value>,
}

const SENDS: Fallbacks = Fallbacks {
    // `work` reports the end.
    faulted: |env| number_of(env, f64::from(Sent::WaitsForWork as i32)),
    released: |env| number_of(env, f64::from(Sent::Refused as i32)),
};
const TAKES: Fallbacks = Fallbacks {
    // `poll` reports the end.
    faulted: undefined,
    released: undefined,
};
const DECODES: Fallbacks = Fallbacks {
    faulted: undefined,
    released: null,
};
const WRITES: Fallbacks = Fallbacks {
    faulted: no_bytes,
    released: no_bytes,
};

/// Runs the body with all arguments and with the connection whose number is the first one. A panic of the body ends
/// that connection. Any other failure is thrown.
fn call<const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    fallbacks: Fallbacks,
    body: impl FnOnce(&Registered, [sys::napi_value; N]) -> Option<sys::napi_value>,
) -> sys::napi_value {
    let mut arguments = [null_mut(); N];
    let mut count = N;
    let (this, data) = (null_mut(), null_mut());
    // SAFETY: environment and call are the running ones; the array has `count` places, and N-API fills those without
    // an argument with undefined.
    unsafe { sys::napi_get_cb_info(env, info, &mut count, arguments.as_mut_ptr(), this, data) };
    let number = arguments.first().and_then(|&number| index(env, number));
    let connection = number.and_then(registry::connection);
    let attempt = || match &connection {
        Some(connection) => body(connection, arguments),
        None => number.and_then(|_| (fallbacks.released)(env)),
    };
    let message = match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Some(value)) => return value,
        Ok(None) => c"Invalid argument: expected a string, a Buffer or another Uint8Array",
        Err(_) => {
            let has_faulted = connection.is_some_and(|one| one.connection().has_faulted());
            if has_faulted && let Some(value) = (fallbacks.faulted)(env) {
                return value;
            }
            BUG
        }
    };
    // SAFETY: as above; the text ends with a zero.
    unsafe { sys::napi_throw_type_error(env, null_mut(), message.as_ptr()) };
    null_mut()
}

/// The message of the exception for a panic that does not end its connection.
const BUG: &CStr = c"The addon has failed because of a bug: please report it";

fn undefined(_: sys::napi_env) -> Option<sys::napi_value> {
    Some(null_mut())
}

fn null(env: sys::napi_env) -> Option<sys::napi_value> {
    let mut value = null_mut();
    // SAFETY: the environment is that of the running call.
    unsafe { sys::napi_get_null(env, &mut value) };
    Some(value)
}

fn no_bytes(env: sys::napi_env) -> Option<sys::napi_value> {
    number_of(env, 0.0)
}

pub(crate) fn index(env: sys::napi_env, number: sys::napi_value) -> Option<u32> {
    let mut index = 0;
    // SAFETY: the environment and the value are those of the running call.
    let status = unsafe { sys::napi_get_value_uint32(env, number, &mut index) };
    (status == sys::Status::napi_ok).then_some(index)
}

fn number_of(env: sys::napi_env, number: f64) -> Option<sys::napi_value> {
    let mut value = null_mut();
    let small = number as i32;
    // SAFETY: the environment is that of the running call.
    unsafe {
        if f64::from(small) == number {
            sys::napi_create_int32(env, small, &mut value);
        } else {
            sys::napi_create_double(env, number, &mut value);
        }
    }
    Some(value)
}
