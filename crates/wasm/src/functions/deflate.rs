//! permessage-deflate: its negotiation in a connection, and sessions without one.

use engine::deflate::DeflateSession;

use super::arguments::{connection, deflate_options, parameters, write_parameters};
use super::{Outcome, objects};
use crate::value::{Reader, Writer};

pub(super) fn offer_deflate(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    connection(reader)?.offer_deflate(deflate_options(reader)?)?;
    writer.null();
    Ok(())
}

pub(super) fn answer_deflate(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.flag(connection(reader)?.answer_deflate(deflate_options(reader)?)?);
    Ok(())
}

pub(super) fn activate_deflate(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.flag(connection(reader)?.activate_deflate(deflate_options(reader)?)?);
    Ok(())
}

pub(super) fn take_deflate(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = connection(reader)?.take_deflate();
    writer.optional(session.map(objects::keep_session), Writer::number);
    Ok(())
}

pub(super) fn client(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = DeflateSession::client(deflate_options(reader)?, reader.number()?)?;
    writer.number(objects::keep_session(session));
    Ok(())
}

pub(super) fn server(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let options = deflate_options(reader)?;
    let offers = reader.list(parameters)?;
    let session = DeflateSession::server(options, offers, reader.number()?)?;
    writer.optional(session.map(objects::keep_session), Writer::number);
    Ok(())
}

pub(super) fn offer(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    write_parameters(writer, &objects::session(reader.whole()?)?.borrow().offer());
    Ok(())
}

pub(super) fn activate(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = objects::session(reader.whole()?)?;
    writer.flag(session.borrow_mut().activate(parameters(reader)?));
    Ok(())
}

pub(super) fn offer_header(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let header = objects::session(reader.whole()?)?.borrow().offer_header();
    writer.optional(header.as_deref(), Writer::text);
    Ok(())
}

pub(super) fn activate_header(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = objects::session(reader.whole()?)?;
    writer.flag(session.borrow_mut().activate_header(reader.text()?));
    Ok(())
}

pub(super) fn response(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    write_parameters(
        writer,
        &objects::session(reader.whole()?)?.borrow().response(),
    );
    Ok(())
}

pub(super) fn inflate(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = objects::session(reader.whole()?)?;
    let payload = reader.bytes()?;
    let done = session
        .borrow_mut()
        .inflate(payload, |message| writer.bytes_of(message))?;
    finished(writer, done);
    Ok(())
}

pub(super) fn inflate_more(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = objects::session(reader.whole()?)?;
    let done = session
        .borrow_mut()
        .inflate_more(|message| writer.bytes_of(message))?;
    finished(writer, done);
    Ok(())
}

pub(super) fn deflate(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = objects::session(reader.whole()?)?;
    let payload = reader.bytes()?;
    let done = session
        .borrow_mut()
        .deflate(payload, |message| writer.bytes_of(message))?;
    finished(writer, done);
    Ok(())
}

pub(super) fn deflate_more(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let session = objects::session(reader.whole()?)?;
    let done = session
        .borrow_mut()
        .deflate_more(|message| writer.bytes_of(message))?;
    finished(writer, done);
    Ok(())
}

pub(super) fn close(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    objects::session(reader.whole()?)?.borrow_mut().close();
    writer.null();
    Ok(())
}

/// Writes null for an incomplete large message.
fn finished(writer: &mut Writer, done: Option<()>) {
    if done.is_none() {
        writer.null();
    }
}
