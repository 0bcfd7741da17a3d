//! Interpretations of a close payload: our answer, and the reported code and reason.
//!
//! `policy.rs` chooses the interpretation of each interface.

use super::choices::TextCheck;
use crate::close::{CloseCode, CloseFrame, PeerClose};
use crate::error::ProtocolError;
use crate::utf8::is_utf8;

/// Reports the code and reason of our answer. An empty payload counts as 1000. A malformed payload
/// and a code that must not travel count as 1002.
pub(super) fn echoed(payload: &[u8], _: TextCheck) -> Result<PeerClose, ProtocolError> {
    let answer = match payload.split_first_chunk::<2>() {
        None if payload.is_empty() => CloseFrame::new(CloseCode::NORMAL_CLOSURE, ""),
        Some((code, reason)) if is_utf8(reason) => {
            let code = CloseCode::from_wire(u16::from_be_bytes(*code));
            let code = code.unwrap_or(CloseCode::PROTOCOL_ERROR);
            CloseFrame::new(code, &String::from_utf8_lossy(reason))
        }
        _ => CloseFrame::new(CloseCode::PROTOCOL_ERROR, ""),
    };
    Ok(PeerClose {
        code: answer.code().map(CloseCode::get),
        reason: Some(answer.reason().into_owned()),
        answer,
    })
}

/// Answers 1000 or 1002, without a reason. Reports the code as received, and `None` if no code was
/// received. A reason of one byte counts as missing.
pub(super) fn acknowledged(payload: &[u8], _: TextCheck) -> Result<PeerClose, ProtocolError> {
    let (code, reason) = match payload.split_first_chunk::<2>() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None if payload.is_empty() => (None, payload),
        None => (Some(NOT_RECEIVED), &[][..]),
    };
    if reason.len() > 1 && !is_utf8(reason) {
        return Err(ProtocolError::InvalidUtf8);
    }
    let is_good = code.is_none_or(|code| code == 1015 || CloseCode::to_send(code).is_some());
    let answer = match is_good {
        true => CloseCode::NORMAL_CLOSURE,
        false => CloseCode::PROTOCOL_ERROR,
    };
    Ok(PeerClose {
        answer: CloseFrame::new(answer, ""),
        code,
        reason: (reason.len() > 1).then(|| String::from_utf8_lossy(reason).into_owned()),
    })
}

/// Answers with an echo. Reports an empty payload as 1005. A code that must not travel is a
/// violation.
pub(super) fn judged(payload: &[u8], text: TextCheck) -> Result<PeerClose, ProtocolError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return Ok(PeerClose {
            answer: CloseFrame::empty(),
            code: Some(NOT_RECEIVED),
            reason: Some(String::new()),
        });
    };
    let number = u16::from_be_bytes(*code);
    let code = CloseCode::to_send(number).ok_or(ProtocolError::InvalidCloseCode(number))?;
    if text != TextCheck::Never && !is_utf8(reason) {
        return Err(ProtocolError::InvalidUtf8);
    }
    Ok(PeerClose {
        answer: CloseFrame::echo(code, reason),
        code: Some(number),
        reason: Some(String::from_utf8_lossy(reason).into_owned()),
    })
}

/// RFC 6455 §7.1.5: no code was received.
const NOT_RECEIVED: u16 = 1005;

#[cfg(test)]
mod tests {
    use super::*;

    type Case = (
        &'static str,
        &'static [u8],
        Result<(&'static [u8], Option<u16>, Option<&'static str>), ProtocolError>,
    );

    type Meaning = fn(&[u8], TextCheck) -> Result<PeerClose, ProtocolError>;

    fn check(meaning: Meaning, text: TextCheck, cases: &[Case]) {
        for (name, payload, expected) in cases {
            let found = meaning(payload, text);
            let found = found.map(|close| (close.answer.payload(), close.code, close.reason));
            let expected = expected
                .as_ref()
                .map(|(answer, code, reason)| (answer.to_vec(), *code, reason.map(str::to_owned)));
            assert_eq!(
                found.as_ref().map_err(|error| *error),
                expected.as_ref().map_err(|error| **error),
                "{name}"
            );
        }
    }

    #[test]
    fn echoed_reports_the_code_and_reason_of_the_answer() {
        check(
            echoed,
            TextCheck::Bytewise,
            &[
                ("empty", b"", Ok((b"\x03\xE8", Some(1000), Some("")))),
                ("one byte", b"\x03", Ok((b"\x03\xEA", Some(1002), Some("")))),
                (
                    "a code",
                    b"\x03\xE9",
                    Ok((b"\x03\xE9", Some(1001), Some(""))),
                ),
                (
                    "a code and a reason",
                    b"\x0B\xB9bye",
                    Ok((b"\x0B\xB9bye", Some(3001), Some("bye"))),
                ),
                (
                    "1005 must not travel",
                    b"\x03\xEDbye",
                    Ok((b"\x03\xEAbye", Some(1002), Some("bye"))),
                ),
                (
                    "1012 is not echoed",
                    b"\x03\xF4",
                    Ok((b"\x03\xEA", Some(1002), Some(""))),
                ),
                (
                    "5000 is outside every range",
                    b"\x13\x88",
                    Ok((b"\x03\xEA", Some(1002), Some(""))),
                ),
                (
                    "a reason that is not UTF-8",
                    b"\x03\xE8\xFF",
                    Ok((b"\x03\xEA", Some(1002), Some(""))),
                ),
            ],
        );
    }

    #[test]
    fn acknowledged_answers_1000_and_reports_the_received_code() {
        check(
            acknowledged,
            TextCheck::WholeMessage,
            &[
                ("empty", b"", Ok((b"\x03\xE8", None, None))),
                ("one byte", b"\x03", Ok((b"\x03\xEA", Some(1005), None))),
                ("a code", b"\x03\xE9", Ok((b"\x03\xE8", Some(1001), None))),
                (
                    "a code and a reason",
                    b"\x0B\xB9bye",
                    Ok((b"\x03\xE8", Some(3001), Some("bye"))),
                ),
                (
                    "a reason of one byte",
                    b"\x0B\xB9b",
                    Ok((b"\x03\xE8", Some(3001), None)),
                ),
                (
                    "a reason of one byte that is not UTF-8",
                    b"\x0B\xB9\xFF",
                    Ok((b"\x03\xE8", Some(3001), None)),
                ),
                (
                    "1005 must not travel",
                    b"\x03\xEDbye",
                    Ok((b"\x03\xEA", Some(1005), Some("bye"))),
                ),
                (
                    "1015 may travel",
                    b"\x03\xF7",
                    Ok((b"\x03\xE8", Some(1015), None)),
                ),
                ("5000", b"\x13\x88", Ok((b"\x03\xEA", Some(5000), None))),
                (
                    "a reason that is not UTF-8",
                    b"\x03\xE8\xFF\xFF",
                    Err(ProtocolError::InvalidUtf8),
                ),
            ],
        );
    }

    #[test]
    fn judged_echoes_valid_codes_and_refuses_others() {
        check(
            judged,
            TextCheck::WholeMessage,
            &[
                ("empty", b"", Ok((b"", Some(1005), Some("")))),
                (
                    "a code",
                    b"\x03\xE9",
                    Ok((b"\x03\xE9", Some(1001), Some(""))),
                ),
                (
                    "a code and a reason",
                    b"\x0B\xB9bye",
                    Ok((b"\x0B\xB9bye", Some(3001), Some("bye"))),
                ),
                ("1012", b"\x03\xF4", Ok((b"\x03\xF4", Some(1012), Some("")))),
                (
                    "1005",
                    b"\x03\xEDbye",
                    Err(ProtocolError::InvalidCloseCode(1005)),
                ),
                (
                    "5000",
                    b"\x13\x88",
                    Err(ProtocolError::InvalidCloseCode(5000)),
                ),
                (
                    "a reason that is not UTF-8",
                    b"\x03\xE8\xFF",
                    Err(ProtocolError::InvalidUtf8),
                ),
            ],
        );
        check(
            judged,
            TextCheck::Never,
            &[(
                "a reason that is not UTF-8, without a text check",
                b"\x03\xE8\xFF",
                Ok((b"\x03\xE8\xFF", Some(1000), Some("\u{FFFD}"))),
            )],
        );
    }
}
