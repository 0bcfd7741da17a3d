//! EventSource: the response head and the message format of `text/event-stream` (WHATWG HTML §9.2).
//!
//! The caller owns the socket and the timers.

use crate::error::InvalidArgument;
use crate::http::headers::HeaderList;

/// Returns the response head and the field `retry`, which sets the client's delay before it
/// reconnects.
#[must_use]
pub fn head(custom: &HeaderList, retry_milliseconds: u64) -> String {
    format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/event-stream\r\n\
         Cache-Control: no-cache, no-store\r\n\
         Connection: close\r\n\
         {}\r\n\
         retry: {retry_milliseconds}\r\n\r\n",
        custom.lines()
    )
}

/// Returns one event. Each line of `data` becomes a `data` field with its own line break.
///
/// # Errors
/// [`InvalidArgument::EventField`] if `event` or `id` contains a line break, which would end the
/// line, or NUL, for which clients ignore an `id`.
pub fn message(
    data: &str,
    event: Option<&str>,
    id: Option<&str>,
) -> Result<String, InvalidArgument> {
    let mut frame = String::with_capacity(data.len() + 32);
    for (field, value) in [("event", event), ("id", id)] {
        let Some(value) = value else { continue };
        if value.contains(['\r', '\n', '\0']) {
            return Err(InvalidArgument::EventField {
                field,
                value: value.to_owned(),
            });
        }
        for part in [field, ": ", value, "\r\n"] {
            frame.push_str(part);
        }
    }
    frame.push_str("data: ");
    let mut rest = data;
    while let Some(at) = rest.find(['\r', '\n']) {
        let end = if rest[at..].starts_with("\r\n") {
            at + 2
        } else {
            at + 1
        };
        let (line, next) = rest.split_at(end);
        frame.push_str(line);
        frame.push_str("data: ");
        rest = next;
    }
    frame.push_str(rest);
    frame.push_str("\r\n\r\n");
    Ok(frame)
}

/// A comment that keeps an idle connection open.
pub const PING: &str = ":\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_lines_and_line_breaks() {
        let cases = [
            ("5", None, None, "data: 5\r\n\r\n"),
            (
                "a\nb\r\nc",
                Some("ev"),
                Some("7"),
                "event: ev\r\nid: 7\r\ndata: a\ndata: b\r\ndata: c\r\n\r\n",
            ),
            (
                "a\rb\r\r\n",
                None,
                None,
                "data: a\rdata: b\rdata: \r\ndata: \r\n\r\n",
            ),
            ("", None, Some("1"), "id: 1\r\ndata: \r\n\r\n"),
            ("\n\ré", None, None, "data: \ndata: \rdata: é\r\n\r\n"),
        ];
        for (data, event, id, expected) in cases {
            assert_eq!(
                message(data, event, id).as_deref(),
                Ok(expected),
                "{data:?}"
            );
        }
    }

    #[test]
    fn event_and_id_cannot_end_their_line() {
        for bad in ["a\nb", "a\rb", "a\0"] {
            assert!(message("", Some(bad), None).is_err(), "{bad:?}");
            assert!(message("", None, Some(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_head_ends_with_the_retry_field() {
        let mut custom = HeaderList::default();
        custom.set("X", "1").unwrap();
        let head = head(&custom, 5000);
        assert!(
            head.ends_with("Connection: close\r\nX: 1\r\n\r\nretry: 5000\r\n\r\n"),
            "{head}"
        );
    }
}
