//! Outputs of the core to JavaScript values.

use napi::bindgen_prelude::{Array, BufferSlice, Either};
use napi::{Env, Result};
use napi_derive::napi;
use proto::connection::Connection;
use proto::output::{Event, Kind, Message, Output};

/// A run of messages, or one other thing.
pub(crate) type JsOutput<'env> = Either<Array<'env>, DriverEvent>;

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
        Some(Output::Write) => Some(Either::B(DriverEvent {
            kind: "write",
            ..Default::default()
        })),
        Some(Output::Event(event)) => Some(Either::B(event.into())),
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

/// Something that is not a message. `kind` is the name of websocket-driver's event, or `write` where
/// bytes were added to the output; the other fields are those of that event.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct DriverEvent {
    #[napi(ts_type = "'open' | 'ping' | 'pong' | 'error' | 'close' | 'write'")]
    /// What happened.
    pub kind: &'static str,
    /// Of `ping` and `pong`.
    pub data: Option<String>,
    /// Of `error`.
    pub message: Option<String>,
    /// Of `close`.
    pub code: Option<u16>,
    /// Of `close`.
    pub reason: Option<String>,
}

impl From<Event> for DriverEvent {
    fn from(event: Event) -> Self {
        let text = |payload: Vec<u8>| Some(String::from_utf8_lossy(&payload).into_owned());
        match event {
            Event::Open => Self {
                kind: "open",
                ..Self::default()
            },
            Event::Ping(payload) => Self {
                kind: "ping",
                data: text(payload),
                ..Self::default()
            },
            Event::Pong(payload) => Self {
                kind: "pong",
                data: text(payload),
                ..Self::default()
            },
            Event::Error(error) => Self {
                kind: "error",
                message: Some(error.to_string()),
                ..Self::default()
            },
            Event::Close { code, reason } => Self {
                kind: "close",
                code: Some(code),
                reason: Some(reason),
                ..Self::default()
            },
        }
    }
}

/// Bounds on one run, so that a flood of tiny messages cannot fill the heap before the first of them
/// is delivered.
const MAX_RUN_MESSAGES: u32 = 1024;
const MAX_RUN_BYTES: usize = 1024 * 1024;
