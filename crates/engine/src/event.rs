//! Events as flat structures, whose fields a binding converts one by one.
//!
//! Knows the names of events. Does not know which events the caller wants.

use std::borrow::Cow;

use proto::error::Facts;
use proto::frame::Rsv;
use proto::output::{Event, Form, Frame, Kind, Transform};

/// An output that is not a message. `kind` names an event (`open`, `ping`, `pong`, `error`, `close`, `frame`) or a
/// task of the caller: `write` the output, `activate` extensions, `transform` a received message, transform an
/// `outgoing` message, `closeSessions`, or poll again later because work is `unfinished`. Each other field belongs to
/// the kinds that its comment names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FlatEvent<'a> {
    /// The kind of the event or the task.
    pub kind: &'static str,
    /// Of `error`: a text for people.
    pub message: Option<String>,
    /// Of `error`: a stable name.
    pub error_code: Option<&'static str>,
    /// Of `error`: its values by name; for example an opcode, a length, a limit, a status.
    pub facts: Option<Facts>,
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
    pub rsv: Option<[bool; 3]>,
    /// Of `frame`: whether it is the last of its message.
    pub fin: Option<bool>,
    /// Of `frame`: the opcode.
    pub opcode: Option<u8>,
    /// Of `frame`: whether it was masked.
    pub is_masked: Option<bool>,
    /// Of `ping`, `pong`, `transform`, `outgoing` and `frame`: the payload.
    pub payload: Option<Cow<'a, [u8]>>,
}

impl<'a> FlatEvent<'a> {
    pub(crate) fn of(kind: &'static str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    fn control(kind: &'static str, payload: Vec<u8>) -> Self {
        Self {
            payload: Some(payload.into()),
            ..Self::of(kind)
        }
    }
}

impl From<Event> for FlatEvent<'_> {
    fn from(event: Event) -> Self {
        match event {
            Event::Open => Self::of("open"),
            Event::Activate => Self::of("activate"),
            Event::CloseSessions => Self::of("closeSessions"),
            Event::Outgoing {
                kind,
                form,
                payload,
                is_marked,
            } => Self {
                is_text: Some(kind == Kind::Text),
                is_plain: Some(form == Form::Plain),
                is_marked: Some(is_marked),
                payload: Some(payload.into()),
                ..Self::of("outgoing")
            },
            Event::Ping(payload) => Self::control("ping", payload),
            Event::Pong(payload) => Self::control("pong", payload),
            Event::Error(error) => Self {
                message: Some(error.to_string()),
                error_code: Some(error.code()),
                facts: Some(error.facts()),
                ..Self::of("error")
            },
            Event::Close { code, reason } => Self {
                code,
                reason,
                ..Self::of("close")
            },
        }
    }
}

impl<'a> From<Transform<'a>> for FlatEvent<'a> {
    fn from(message: Transform<'a>) -> Self {
        Self {
            is_text: Some(message.kind == Kind::Text),
            rsv: Some(flags(message.rsv)),
            payload: Some(message.payload.into()),
            ..Self::of("transform")
        }
    }
}

impl<'a> From<Frame<'a>> for FlatEvent<'a> {
    fn from(frame: Frame<'a>) -> Self {
        Self {
            fin: Some(frame.start.fin),
            rsv: Some(flags(frame.start.rsv)),
            opcode: Some(frame.start.opcode.number()),
            is_masked: Some(frame.masked),
            payload: Some(frame.payload.into()),
            ..Self::of("frame")
        }
    }
}

fn flags(rsv: Rsv) -> [bool; 3] {
    rsv.digits().map(|digit| digit == 1)
}
