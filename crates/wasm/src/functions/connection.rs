//! The methods of `Connection`.

use engine::connection::{self as ends, Numbered, Polled, Wants};
use engine::event::FlatEvent;
use engine::frames::Mask;
use engine::registry::Registered;
use proto::error::Fact;
use proto::handshake::ClientRequest;
use proto::http::request::Request;
use proto::output::{Caused, Kind, Message, ReadyState};

use super::arguments::{connection, connection_options, owned};
use super::{Outcome, objects};
use crate::value::{Fields, Garbled, Reader, Writer};

/// The states, with the names in `binding.d.ts`.
pub(super) const READY_STATES: [(&str, ReadyState); 5] = [
    ("Unstarted", ReadyState::Unstarted),
    ("Connecting", ReadyState::Connecting),
    ("Open", ReadyState::Open),
    ("Closing", ReadyState::Closing),
    ("Closed", ReadyState::Closed),
];

pub(super) fn server(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let request = request(reader, |reader| reader.text())?;
    let options = connection_options(reader)?;
    keep(writer, ends::server(request, options.server())?);
    Ok(())
}

pub(super) fn client(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let target = ClientRequest {
        host: owned(reader)?,
        target: owned(reader)?,
        username: owned(reader)?,
        password: owned(reader)?,
    };
    keep(writer, ends::client(&target, connection_options(reader)?)?);
    Ok(())
}

pub(super) fn established(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let is_client = reader.flag()?;
    let options = connection_options(reader)?;
    let session = reader.optional(Reader::whole)?;
    let deflate = session.map(objects::session).transpose()?;
    let agreed = deflate.and_then(|session| session.borrow().agreed());
    keep(writer, ends::established(is_client, options, agreed));
    Ok(())
}

/// Creates an ended connection in the place of one that a panic has destroyed with its instance.
pub(super) fn faulted(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    keep(writer, ends::faulted(reader.flag()?));
    Ok(())
}

/// Reads the request of a handshake: its method, its location if the function has one, whether it needs a host, and
/// its headers.
pub(super) fn request<'a>(
    reader: &mut Reader<'a>,
    location: impl FnOnce(&mut Reader<'a>) -> Result<&'a str, Garbled>,
) -> Result<Request, Garbled> {
    let method = reader.text()?;
    let location = location(reader)?;
    let mut request = Request::new(method, location, reader.flag()?);
    reader.list(|reader| {
        let name = reader.text()?;
        request.add_header(name, owned(reader)?);
        Ok(())
    })?;
    Ok(request)
}

fn keep(writer: &mut Writer, one: Numbered) {
    writer.number(one.keep().into());
}

/// Writes the negotiated properties.
pub(super) fn about(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let core = one.connection();
    writer.object(|fields| {
        fields.number("maxLength", Some(core.max_length() as f64));
        fields.text("version", Some(core.version().name()));
        fields.flag("knowsProtocol", Some(core.knows_subprotocol()));
        fields.field("protocol", |writer| {
            writer.optional(core.subprotocol(), Writer::text);
        });
        let response = core.response();
        fields.field("statusCode", |writer| {
            let status = response.map(|head| f64::from(head.status));
            writer.optional(status, Writer::number);
        });
    });
    Ok(())
}

pub(super) fn response_headers(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.texts(&connection(reader)?.response_headers());
    Ok(())
}

pub(super) fn set_header(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    writer.flag(one.set_header(reader.text()?, reader.text()?)?);
    Ok(())
}

pub(super) fn start(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    command(reader, writer, Registered::start)
}

pub(super) fn work(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    command(reader, writer, Registered::work)
}

pub(super) fn discard_output(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    command(reader, writer, Registered::discard_output)
}

pub(super) fn close(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let code = reader.optional(Reader::number)?;
    caused(writer, one.close(code, reader.text()?)?);
    Ok(())
}

/// Polls, and writes a message as a list of one, or an event.
pub(super) fn poll(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let wants = Wants {
        writes: reader.flag()?,
        pings: reader.flag()?,
        pongs: reader.flag()?,
    };
    let polled = one.poll(wants, |polled| {
        match polled {
            Polled::Message(message) => writer.list([message], write_message),
            Polled::Event(event) => write_event(writer, &event),
        }
        let has_lost = writer.has_lost();
        if has_lost {
            writer.clear();
        }
        (!has_lost).then_some(())
    });
    if polled.is_none() {
        writer.null();
    }
    Ok(())
}

pub(super) fn take_write(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let mut core = one.connection();
    writer.optional(core.outbox().take_first(), Writer::bytes_of);
    Ok(())
}

pub(super) fn ping(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    writer.flag(one.ping(reader.bytes()?)?);
    Ok(())
}

pub(super) fn pong(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    writer.flag(one.pong(reader.bytes()?)?);
    Ok(())
}

pub(super) fn send_frame(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let fin = reader.flag()?;
    let (rsv, opcode) = (reader.number()?, reader.number()?);
    let payload = reader.bytes()?;
    let mask = reader.optional(|reader| {
        if !reader.is_flag() {
            return reader.bytes().map(Mask::Key);
        }
        Ok(if reader.flag()? {
            Mask::Fresh
        } else {
            Mask::None
        })
    })?;
    let mask = mask.unwrap_or(Mask::Policy);
    writer.number(one.send_frame(fin, rsv, opcode, payload, mask)?);
    Ok(())
}

/// Writes the effects of a command.
pub(super) fn command(
    reader: &mut Reader<'_>,
    writer: &mut Writer,
    command: impl FnOnce(&Registered) -> Caused,
) -> Outcome {
    caused(writer, command(&*connection(reader)?));
    Ok(())
}

pub(super) fn caused(writer: &mut Writer, Caused { accepted, events }: Caused) {
    writer.object(|fields| {
        fields.flag("accepted", Some(accepted));
        fields.field("events", |writer| {
            writer.list(events, |writer, event| write_event(writer, &event.into()));
        });
    });
}

fn write_message(writer: &mut Writer, message: Message<'_>) {
    let is_text = message.kind == Kind::Text;
    let Some(cuts) = message.cuts else {
        return match is_text {
            true => writer.utf8(message.payload),
            false => writer.bytes_of(message.payload),
        };
    };
    let mut start = 0;
    writer.list(
        [None]
            .into_iter()
            .chain(cuts.iter().chain([&message.payload.len()]).map(Some)),
        |writer, end| {
            let Some(&end) = end else {
                return writer.flag(is_text);
            };
            writer.bytes_of(message.payload.get(start..end).unwrap_or_default());
            start = end;
        },
    );
}

fn write_event(writer: &mut Writer, event: &FlatEvent<'_>) {
    writer.object(|fields| {
        fields.text("kind", Some(event.kind));
        fields.text("message", event.message.as_deref());
        fields.text("errorCode", event.error_code);
        if let Some(facts) = &event.facts {
            fields.field("facts", |writer| {
                writer.object(|fields| write_facts(fields, facts))
            });
        }
        fields.number("code", event.code);
        fields.text("reason", event.reason.as_deref());
        fields.flag("isText", event.is_text);
        fields.flag("isMarked", event.is_marked);
        fields.flag("isPlain", event.is_plain);
        if let Some(rsv) = event.rsv {
            fields.field("rsv", |writer| writer.list(rsv, Writer::flag));
        }
        fields.flag("fin", event.fin);
        fields.number("opcode", event.opcode);
        fields.flag("isMasked", event.is_masked);
        fields.bytes("payload", event.payload.as_deref());
    });
}

fn write_facts(fields: &mut Fields<'_>, facts: &[(&'static str, Fact)]) {
    for (name, fact) in facts {
        match fact {
            Fact::Number(number) => fields.number(name, Some(*number as f64)),
            Fact::Text(text) => fields.text(name, Some(text)),
        }
    }
}
