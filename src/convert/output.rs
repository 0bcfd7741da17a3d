//! Conversion of the engine's outputs to JavaScript values.

use engine::connection::Polled;
use engine::event::FlatEvent;
use napi::bindgen_prelude::{
    Array, BufferSlice, Either, FromNapiValue as _, JsObjectValue as _, Object, Unknown,
};
use napi::{Env, Result};
use napi_derive::napi;
use proto::error::{Fact, Facts};

use crate::convert::value;

/// A run of messages, or an event.
pub(crate) type JsOutput<'env> = Either<Array<'env>, ConnectionEvent<'env>>;

/// Converts a polled output; a message becomes an array of one. Returns None if JavaScript has no memory for a
/// message.
pub(crate) fn polled<'env>(env: &'env Env, polled: Polled<'_>) -> Option<Result<JsOutput<'env>>> {
    let message = match polled {
        Polled::Event(event) => return Some(ConnectionEvent::new(env, event).map(Either::B)),
        Polled::Message(message) => message,
    };
    // SAFETY: the environment is that of the running call, whose scope is open.
    let value = unsafe { value::message(env.raw(), &message, &mut None) }?;
    let run = || {
        // SAFETY: as above.
        let message = unsafe { Unknown::from_napi_value(env.raw(), value)? };
        let mut run = env.create_array(1)?;
        run.set(0, message)?;
        Ok(Either::A(run))
    };
    Some(run())
}

/// An output that is not a message. `kind` names an event (`open`, `ping`, `pong`, `error`, `close`, `frame`) or a
/// task of the caller: `write` the output, `activate` extensions, `transform` a received message, transform an
/// `outgoing` message, `closeSessions`, or poll again later because work is `unfinished`. Each other field
/// belongs to the kinds that its comment names.
#[napi(object, object_from_js = false)]
pub struct ConnectionEvent<'env> {
    #[napi(
        ts_type = "'open' | 'ping' | 'pong' | 'error' | 'close' | 'write' | 'activate' | 'transform' | 'outgoing' | 'frame' | 'closeSessions' | 'unfinished'"
    )]
    /// The kind of the event or the task.
    pub kind: &'static str,
    /// Of `error`: a text for people.
    pub message: Option<String>,
    /// Of `error`: a stable name.
    pub error_code: Option<&'static str>,
    /// Of `error`: its values by name; for example an opcode, a length, a limit, a status.
    #[napi(ts_type = "Record<string, number | string>")]
    pub facts: Option<Object<'env>>,
    /// Of `close`: the close code; absent with the drafts.
    pub code: Option<u16>,
    /// Of `close`: the close reason; absent with the drafts.
    pub reason: Option<String>,
    /// Of `transform` and `outgoing`: whether the message is text.
    pub is_text: Option<bool>,
    /// Of `outgoing`: whether the caller must mark the message after sending it.
    pub is_marked: Option<bool>,
    /// Of `outgoing`: whether the message must be sent uncompressed.
    pub is_plain: Option<bool>,
    /// Of `transform` and `frame`: RSV1, RSV2 and RSV3.
    pub rsv: Option<Vec<bool>>,
    /// Of `frame`: whether it is the last of its message.
    pub fin: Option<bool>,
    /// Of `frame`: the opcode.
    pub opcode: Option<u8>,
    /// Of `frame`: whether it was masked.
    pub is_masked: Option<bool>,
    /// Of `ping`, `pong`, `transform`, `outgoing` and `frame`: the payload.
    #[napi(ts_type = "Buffer")]
    pub payload: Option<BufferSlice<'env>>,
}

impl<'env> ConnectionEvent<'env> {
    pub(crate) fn new(env: &'env Env, event: FlatEvent<'_>) -> Result<Self> {
        let payload = event.payload;
        let copy = |bytes| BufferSlice::copy_from(env, bytes);
        Ok(Self {
            kind: event.kind,
            message: event.message,
            error_code: event.error_code,
            facts: event.facts.map(|all| facts(env, all)).transpose()?,
            code: event.code,
            reason: event.reason,
            is_text: event.is_text,
            is_marked: event.is_marked,
            is_plain: event.is_plain,
            rsv: event.rsv.map(Vec::from),
            fin: event.fin,
            opcode: event.opcode,
            is_masked: event.is_masked,
            payload: payload.as_deref().map(copy).transpose()?,
        })
    }
}

fn facts(env: &Env, all: Facts) -> Result<Object<'_>> {
    let mut facts = Object::new(env)?;
    for (name, fact) in all {
        match fact {
            Fact::Number(number) => facts.set_named_property(name, number as f64)?,
            Fact::Text(text) => facts.set_named_property(name, text)?,
        }
    }
    Ok(facts)
}
