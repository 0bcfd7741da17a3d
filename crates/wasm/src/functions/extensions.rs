//! Methods of `Connection` for extensions whose sessions are JavaScript objects.

use engine::extensions::{self, FailureCode};
use engine::registry::Registered;

use super::Outcome;
use super::arguments::{connection, flags, owned, parameters, write_parameters};
use super::connection::{caused, command};
use crate::value::{Reader, Writer};
use engine::calls::kind;

pub(super) fn negotiates(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.flag(connection(reader)?.negotiates());
    Ok(())
}

pub(super) fn received_extensions(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.list(
        connection(reader)?.received_extensions(),
        |writer, element| {
            writer.object(|fields| {
                fields.text("name", Some(&element.name));
                fields.field("parameters", |writer| {
                    write_parameters(writer, &element.parameters)
                });
            });
        },
    );
    Ok(())
}

pub(super) fn add_extension(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    one.add_extension(reader.text()?, parameters(reader)?)?;
    writer.null();
    Ok(())
}

pub(super) fn reserve_bits(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let conflict = one.reserve_bits(reader.text()?, flags(reader)?);
    writer.optional(conflict.as_deref(), Writer::text);
    Ok(())
}

pub(super) fn is_reserved(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    writer.flag(one.is_reserved(flags(reader)?));
    Ok(())
}

pub(super) fn activated(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    command(reader, writer, Registered::activated)
}

pub(super) fn sessions_closed(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    command(reader, writer, Registered::sessions_closed)
}

pub(super) fn refuse(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    caused(writer, one.refuse(owned(reader)?));
    Ok(())
}

pub(super) fn unacceptable(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.text(&extensions::unacceptable(
        reader.text()?,
        parameters(reader)?,
    ));
    Ok(())
}

pub(super) fn transformed(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let kind = kind(reader.flag()?);
    caused(writer, one.transformed(kind, reader.bytes()?));
    Ok(())
}

pub(super) fn send_transformed(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let kind = kind(reader.flag()?);
    let rsv = flags(reader)?;
    writer.flag(one.send_transformed(kind, rsv, reader.bytes()?));
    Ok(())
}

pub(super) fn fail_extension(reader: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let one = connection(reader)?;
    let code = reader.optional(|reader| {
        if reader.is_text() {
            return Ok(FailureCode::Name(owned(reader)?));
        }
        Ok(FailureCode::Number(reader.number()? as u16))
    })?;
    caused(writer, one.fail_extension(code, reader.text()?));
    Ok(())
}
