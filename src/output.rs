//! Outputs of the core to JavaScript values.

use napi::bindgen_prelude::{Array, BufferSlice, Either, Object};
use napi::{Env, Result};
use proto::connection::Connection;
use proto::output::{Event, Kind, Message, Output};

/// A run of messages, or one other thing: `{ kind, … }`.
pub(crate) type JsOutput<'env> = Either<Array<'env>, Object<'env>>;

/// The next output. Messages are collected until something else comes, for that may change what the
/// handlers of these messages can observe.
pub(crate) fn next<'env>(
    env: &'env Env,
    connection: &mut Connection,
) -> Result<Option<JsOutput<'env>>> {
    if let Some(run) = run(env, connection)? {
        return Ok(Some(Either::A(run)));
    }
    Ok(match connection.poll() {
        None => None,
        Some(Output::Message(received)) => {
            let mut run = env.create_array(1)?;
            set(env, &mut run, 0, received)?;
            Some(Either::A(run))
        }
        Some(Output::Write) => Some(Either::B(kind(env, "write")?)),
        Some(Output::Event(happened)) => Some(Either::B(event(env, happened)?)),
    })
}

fn run<'env>(env: &'env Env, connection: &mut Connection) -> Result<Option<Array<'env>>> {
    let Some(first) = connection.poll_message() else {
        return Ok(None);
    };
    let mut bytes = first.payload.len();
    let mut run = env.create_array(0)?;
    set(env, &mut run, 0, first)?;
    let mut length = 1;
    while length < MAX_RUN_MESSAGES && bytes < MAX_RUN_BYTES {
        let Some(next) = connection.poll_message() else {
            break;
        };
        bytes += next.payload.len();
        set(env, &mut run, length, next)?;
        length += 1;
    }
    Ok(Some(run))
}

fn set(env: &Env, run: &mut Array, index: u32, received: Message<'_>) -> Result<()> {
    match received.kind {
        Kind::Text => run.set(index, String::from_utf8_lossy(received.payload).as_ref()),
        Kind::Binary => run.set(index, BufferSlice::copy_from(env, received.payload)?),
    }
}

/// An event, with the fields that websocket-driver's event of that name has.
pub(crate) fn event<'env>(env: &'env Env, event: Event) -> Result<Object<'env>> {
    match event {
        Event::Open => kind(env, "open"),
        Event::Ping(payload) => with_data(env, "ping", &payload),
        Event::Pong(payload) => with_data(env, "pong", &payload),
        Event::Error(error) => {
            let mut object = kind(env, "error")?;
            object.set("message", error.to_string())?;
            Ok(object)
        }
        Event::Close { code, reason } => {
            let mut object = kind(env, "close")?;
            object.set("code", code)?;
            object.set("reason", reason)?;
            Ok(object)
        }
    }
}

fn with_data<'env>(env: &'env Env, name: &str, payload: &[u8]) -> Result<Object<'env>> {
    let mut object = kind(env, name)?;
    object.set("data", String::from_utf8_lossy(payload).as_ref())?;
    Ok(object)
}

fn kind<'env>(env: &'env Env, name: &str) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("kind", name)?;
    Ok(object)
}

/// Bounds on one run, so that a flood of tiny messages cannot fill the heap before the first of them
/// is delivered.
const MAX_RUN_MESSAGES: u32 = 1024;
const MAX_RUN_BYTES: usize = 1024 * 1024;
