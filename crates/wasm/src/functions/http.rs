//! Requests, event streams, tunnels and prepared messages.

use engine::http::{self, RequestParser};
use engine::proxy::Connect;
use engine::{handshake, registry};
use proto::handshake::proxy::Tunnel;

use super::arguments::{connection_options, owned};
use super::connection::request;
use super::{Outcome, objects};
use crate::value::{Reader, Writer};
use engine::calls::kind;

pub(super) fn prepare(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let is_text = reader.is_text();
    let payload = match is_text {
        true => reader.text()?.as_bytes(),
        false => reader.bytes()?,
    };
    writer.number(registry::prepare(kind(is_text), payload).keep().into());
    Ok(())
}

pub(super) fn is_web_socket(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.flag(http::is_websocket(
        reader.text()?,
        reader.text()?,
        reader.text()?,
    ));
    Ok(())
}

pub(super) fn is_event_source(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.flag(http::is_event_source(reader.text()?, reader.text()?));
    Ok(())
}

pub(super) fn event_stream_head(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let headers = reader.list(owned)?;
    writer.text(&http::event_stream_head(&headers, reader.number()?)?);
    Ok(())
}

pub(super) fn event_stream_message(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let data = reader.text()?;
    let event = reader.optional(Reader::text)?;
    let id = reader.optional(Reader::text)?;
    writer.text(&http::event_stream_message(data, event, id)?);
    Ok(())
}

pub(super) fn event_stream_ping(_: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.text(http::EVENT_STREAM_PING);
    Ok(())
}

pub(super) fn judge_handshake(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let request = request(reader, |_| Ok(""))?;
    let refusal = handshake::judge(&request, &connection_options(reader)?.server());
    writer.optional(refusal, |writer, refusal| {
        writer.object(|fields| {
            fields.text("code", Some(refusal.code));
            fields.text("message", Some(&refusal.message));
            fields.number("status", Some(refusal.status));
        });
    });
    Ok(())
}

pub(super) fn handshake_key(_: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.text(&handshake::key());
    Ok(())
}

pub(super) fn accept_value(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.text(&handshake::accept_value(reader.text()?));
    Ok(())
}

pub(super) fn parser(_: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.number(objects::keep_parser(RequestParser::default()));
    Ok(())
}

pub(super) fn parse(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let parser = objects::parser(reader.whole()?)?;
    let mut parser = parser.borrow_mut();
    writer.optional(parser.receive(reader.bytes()?), |writer, parsed| {
        writer.object(|fields| {
            fields.text("method", parsed.method.as_deref());
            fields.text("url", parsed.url.as_deref());
            fields.text("httpVersion", parsed.http_version);
            fields.field("headers", |writer| writer.texts(&parsed.headers));
            fields.bytes("body", Some(parsed.body));
        });
    });
    Ok(())
}

pub(super) fn tunnel(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let tunnel = Connect::new(Tunnel {
        authority: owned(reader)?,
        host: owned(reader)?,
        username: owned(reader)?,
        password: owned(reader)?,
    });
    writer.number(objects::keep_tunnel(tunnel));
    Ok(())
}

pub(super) fn tunnel_header(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let tunnel = objects::tunnel(reader.whole()?)?;
    tunnel
        .borrow_mut()
        .set_header(reader.text()?, reader.text()?)?;
    writer.null();
    Ok(())
}

pub(super) fn tunnel_request(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.text(&objects::tunnel(reader.whole()?)?.borrow().request());
    Ok(())
}

pub(super) fn tunnel_answer(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let tunnel = objects::tunnel(reader.whole()?)?;
    let response = tunnel.borrow_mut().receive(reader.bytes()?);
    writer.optional(response, |writer, response| {
        writer.object(|fields| {
            fields.flag("connected", Some(response.connected));
            fields.number("statusCode", response.status_code);
            fields.field("headers", |writer| writer.texts(&response.headers));
        });
    });
    Ok(())
}
