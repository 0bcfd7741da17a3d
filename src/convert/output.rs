//! Outputs of the core to JavaScript values.

use napi::bindgen_prelude::{
    Array, BufferSlice, Either, FromNapiValue as _, JsObjectValue as _, Object, Unknown,
};
use napi::{Env, Result};
use napi_derive::napi;
use proto::connection::Connection;
use proto::error::Fact;
use proto::frame::Rsv;
use proto::output::{Error as CoreError, Event, Form, Frame, Kind, Output, Transform};

use crate::convert::value;

/// A run of messages, or one other thing.
pub(crate) type JsOutput<'env> = Either<Array<'env>, ConnectionEvent<'env>>;

/// The next output that is wanted: the others are skipped. A message comes alone and is always wanted;
/// `calls().messages` gives a run of them.
pub(crate) fn next<'env>(
    env: &'env Env,
    connection: &mut Connection,
    is_wanted: impl Fn(&Output<'_>) -> bool,
) -> Result<Option<JsOutput<'env>>> {
    loop {
        return Ok(match connection.poll() {
            None => None,
            Some(Output::Message(received)) => {
                // SAFETY: the environment is that of the call under way, whose scope is open.
                let Some(value) = (unsafe { value::message(env.raw(), &received) }) else {
                    connection.exhaust();
                    continue;
                };
                // SAFETY: likewise.
                let message = unsafe { Unknown::from_napi_value(env.raw(), value)? };
                let mut run = env.create_array(1)?;
                run.set(0, message)?;
                Some(Either::A(run))
            }
            Some(output) if !is_wanted(&output) => continue,
            Some(Output::Frame(frame)) => Some(Either::B(ConnectionEvent::frame(env, &frame)?)),
            Some(Output::Unfinished) => Some(Either::B(ConnectionEvent::of("unfinished"))),
            Some(Output::Write) => Some(Either::B(ConnectionEvent::of("write"))),
            Some(Output::Transform(raw)) => Some(Either::B(ConnectionEvent::transform(env, &raw)?)),
            Some(Output::Event(event)) => Some(Either::B(ConnectionEvent::new(env, event)?)),
        });
    }
}

/// Something that is not a message. `kind` names what has happened (`open`, `ping`, `pong`, `error`, `close`, `frame`)
/// or what the caller has to do: `write` the output, `activate` extensions, `transform` a message that came in or an
/// `outgoing` one, `drain` the sessions, poll again later as something is `unfinished`. The other fields are those of
/// that kind.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct ConnectionEvent<'env> {
    #[napi(
        ts_type = "'open' | 'ping' | 'pong' | 'error' | 'close' | 'write' | 'activate' | 'transform' | 'outgoing' | 'frame' | 'drain' | 'unfinished'"
    )]
    /// What happened.
    pub kind: &'static str,
    /// Of `error`.
    pub message: Option<String>,
    /// Of `error`: a stable name.
    pub error_code: Option<String>,
    /// Of `error`: what belongs to it, by name; for example an opcode, a length, a limit, a status.
    #[napi(ts_type = "Record<string, number | string>")]
    pub facts: Option<Object<'env>>,
    /// Of `close`; the drafts have none.
    pub code: Option<u16>,
    /// Of `close`; the drafts have none.
    pub reason: Option<String>,
    /// Of `transform` and `outgoing`: whether the message is text.
    pub is_text: Option<bool>,
    /// Of `outgoing`: whether it is to be marked when it is sent.
    pub is_marked: Option<bool>,
    /// Of `outgoing`: whether the message is to be sent uncompressed.
    pub is_plain: Option<bool>,
    /// Of `transform` and `frame`: RSV1, RSV2 and RSV3.
    pub rsv: Option<Vec<bool>>,
    /// Of `frame`: whether it is the last of its message.
    pub fin: Option<bool>,
    /// Of `frame`.
    pub opcode: Option<u8>,
    /// Of `frame`.
    pub is_masked: Option<bool>,
    /// Of `ping`, `pong`, `transform`, `outgoing` and `frame`.
    #[napi(ts_type = "Buffer")]
    pub payload: Option<BufferSlice<'env>>,
}

impl<'env> ConnectionEvent<'env> {
    fn of(kind: &'static str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    fn transform(env: &'env Env, message: &Transform<'_>) -> Result<Self> {
        Ok(Self {
            is_text: Some(message.kind == Kind::Text),
            rsv: Some(flags(message.rsv)),
            payload: Some(BufferSlice::copy_from(env, message.payload)?),
            ..Self::of("transform")
        })
    }

    fn control(env: &'env Env, kind: &'static str, payload: &[u8]) -> Result<Self> {
        Ok(Self {
            payload: Some(BufferSlice::copy_from(env, payload)?),
            ..Self::of(kind)
        })
    }

    fn frame(env: &'env Env, frame: &Frame<'_>) -> Result<Self> {
        Ok(Self {
            fin: Some(frame.start.fin),
            rsv: Some(flags(frame.start.rsv)),
            opcode: Some(frame.start.opcode.number()),
            is_masked: Some(frame.masked),
            payload: Some(BufferSlice::copy_from(env, frame.payload)?),
            ..Self::of("frame")
        })
    }

    pub(crate) fn new(env: &'env Env, event: Event) -> Result<Self> {
        Ok(match event {
            Event::Open => Self::of("open"),
            Event::Activate => Self::of("activate"),
            Event::Drain => Self::of("drain"),
            Event::Outgoing {
                kind,
                form,
                payload,
                is_marked,
            } => Self {
                is_text: Some(kind == Kind::Text),
                is_plain: Some(form == Form::Plain),
                is_marked: Some(is_marked),
                payload: Some(BufferSlice::copy_from(env, &payload)?),
                ..Self::of("outgoing")
            },
            Event::Ping(payload) => Self::control(env, "ping", &payload)?,
            Event::Pong(payload) => Self::control(env, "pong", &payload)?,
            Event::Error(error) => Self {
                message: Some(error.to_string()),
                error_code: Some(error.code().to_owned()),
                facts: Some(facts(env, &error)?),
                ..Self::of("error")
            },
            Event::Close { code, reason } => Self {
                code,
                reason,
                ..Self::of("close")
            },
        })
    }
}

fn flags(rsv: Rsv) -> Vec<bool> {
    rsv.digits().map(|digit| digit == 1).into()
}

fn facts<'env>(env: &'env Env, error: &CoreError) -> Result<Object<'env>> {
    let mut facts = Object::new(env)?;
    for (name, fact) in error.facts() {
        match fact {
            Fact::Number(number) => facts.set_named_property(name, number as f64)?,
            Fact::Text(text) => facts.set_named_property(name, text)?,
        }
    }
    Ok(facts)
}
