//! Arguments that several functions share. `lib/wasm/options.js` writes their fields in the same order.

use std::rc::Rc;

use engine::deflate::DeflateOptions;
use engine::extensions::{Parameter, Value};
use engine::options::{ConnectionOptions, Interface, Protocols};
use engine::registry::{self, Registered};
use proto::policy::Delivery;

use super::Failed;
use crate::value::{Garbled, Reader, Writer};

/// Reads a number and returns its connection.
pub(super) fn connection(reader: &mut Reader<'_>) -> Result<Rc<Registered>, Failed> {
    registry::connection(reader.whole()?).ok_or(Failed::Gone)
}

pub(super) fn connection_options(reader: &mut Reader<'_>) -> Result<ConnectionOptions, Garbled> {
    Ok(ConnectionOptions {
        interface: reader.optional(|reader| match reader.text()? {
            "websocket-driver" => Ok(Interface::WebsocketDriver),
            "websocket-node" => Ok(Interface::WebsocketNode),
            "ws" => Ok(Interface::Ws),
            _ => Err(Garbled),
        })?,
        max_length: reader.optional(Reader::number)?,
        max_frame: reader.optional(Reader::number)?,
        max_fragments: reader.optional(Reader::number)?,
        masking: reader.optional(Reader::flag)?,
        allow_drafts: reader.optional(Reader::flag)?,
        strict_handshake: reader.optional(Reader::flag)?,
        require_masking: reader.optional(Reader::flag)?,
        protocols: reader.optional(|reader| {
            if reader.is_text() {
                return Ok(Protocols::List(owned(reader)?));
            }
            Ok(Protocols::Names(reader.list(owned)?))
        })?,
        delivery: reader.optional(|reader| match reader.text()? {
            "messages" => Ok(Delivery::Messages),
            "fragments" => Ok(Delivery::Fragments),
            "frames" => Ok(Delivery::Frames),
            _ => Err(Garbled),
        })?,
        checks_text: reader.optional(Reader::flag)?,
        fragment_at: reader.optional(Reader::number)?,
        answers_pings: reader.optional(Reader::flag)?,
        version: reader.optional(|reader| Ok(reader.number()? as u8))?,
    })
}

pub(super) fn deflate_options(reader: &mut Reader<'_>) -> Result<DeflateOptions, Garbled> {
    let number = |reader: &mut Reader<'_>| Ok(reader.number()? as i32);
    Ok(DeflateOptions {
        level: reader.optional(number)?,
        mem_level: reader.optional(number)?,
        strategy: reader.optional(number)?,
        no_context_takeover: reader.optional(Reader::flag)?,
        max_window_bits: reader.optional(number)?,
        request_no_context_takeover: reader.optional(Reader::flag)?,
        request_max_window_bits: reader.optional(number)?,
        threshold: reader.optional(Reader::number)?,
    })
}

/// Reads a list of names and values, in turn.
pub(super) fn parameters(reader: &mut Reader<'_>) -> Result<Vec<Parameter>, Garbled> {
    reader.list(|reader| {
        let name = owned(reader)?;
        let value = if reader.is_flag() {
            Value::Flag(reader.flag()?)
        } else if reader.is_number() {
            Value::Number(reader.number()?)
        } else {
            Value::Text(owned(reader)?)
        };
        Ok(Parameter { name, value })
    })
}

/// Writes parameters as objects.
pub(super) fn write_parameters(writer: &mut Writer, parameters: &[Parameter]) {
    writer.list(parameters, |writer, parameter| {
        writer.object(|fields| {
            fields.text("name", Some(&parameter.name));
            fields.field("value", |writer| match &parameter.value {
                Value::Flag(flag) => writer.flag(*flag),
                Value::Number(number) => writer.number(*number),
                Value::Text(text) => writer.text(text),
            });
        });
    });
}

pub(super) fn flags(reader: &mut Reader<'_>) -> Result<[bool; 3], Garbled> {
    Ok([reader.flag()?, reader.flag()?, reader.flag()?])
}

pub(super) fn owned(reader: &mut Reader<'_>) -> Result<String, Garbled> {
    reader.text().map(str::to_owned)
}
