//! Lists of headers to send, received headers, and lists inside header values.
//!
//! Handles the order of headers, duplicates and forbidden characters. The handshakes choose the
//! headers.

use crate::error::InvalidArgument;

/// An ordered list of header lines.
///
/// ```
/// use proto::http::headers::HeaderList;
///
/// let mut headers = HeaderList::default();
/// headers.set("Upgrade", " tea ")?;
/// headers.set("upgrade", "websocket")?;       // the first one wins
/// headers.set("Set-Cookie", "a=1")?;
/// headers.set("Set-Cookie", "b=2")?;          // some headers may repeat
/// assert_eq!(headers.lines(), "Upgrade: tea\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
/// assert!(headers.set("X", "a\r\nY: b").is_err());
/// # Ok::<(), proto::error::InvalidArgument>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct HeaderList {
    names: Vec<String>,
    lines: String,
}

impl HeaderList {
    /// Adds a line, unless the name exists already and must not repeat. Trims spaces around name
    /// and value.
    ///
    /// # Errors
    /// [`InvalidArgument::Header`] if the name is not a token or the value contains CR, LF or NUL.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), InvalidArgument> {
        let (name, value) = (name.trim_matches(' '), value.trim_matches(' '));
        if !is_token(name) || value.contains(['\r', '\n', '\0']) {
            return Err(InvalidArgument::Header {
                name: name.to_owned(),
            });
        }
        self.push(name, value);
        Ok(())
    }

    /// Adds a line like [`set`](Self::set). The caller guarantees that it is well-formed.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        let sent = self
            .names
            .iter()
            .any(|sent| sent.eq_ignore_ascii_case(name));
        if sent && !may_repeat(name) {
            return;
        }
        if !sent {
            self.names.push(name.to_owned());
        }
        for part in [name, ": ", value, "\r\n"] {
            self.lines.push_str(part);
        }
    }

    /// Adds the lines of another list by the same rules.
    pub(crate) fn extend(&mut self, other: &Self) {
        for line in other.lines.split_terminator("\r\n") {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            self.push(name, value);
        }
    }

    /// Returns the lines, each with its CRLF.
    #[must_use]
    pub fn lines(&self) -> &str {
        &self.lines
    }
}

fn may_repeat(name: &str) -> bool {
    ["set-cookie", "set-cookie2", "warning", "www-authenticate"]
        .iter()
        .any(|allowed| name.eq_ignore_ascii_case(allowed))
}

/// Returns whether `name` is a token, RFC 9110 §5.6.2.
#[must_use]
pub fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_token_byte)
}

pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Returns the elements of a comma-separated list, without optional white space (RFC 9110 §5.6.3).
pub(crate) fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(|element| element.trim_matches([' ', '\t']))
}

/// Returns whether JavaScript counts `char` as white space.
pub(crate) fn is_javascript_space(char: char) -> bool {
    char == '\u{FEFF}' || char.is_whitespace() && char != '\u{85}'
}

/// Received headers in order of arrival, with names in lower case. Values of a repeated header are
/// joined with a comma and a space.
pub type Headers = Vec<(String, String)>;

/// Returns the value of the header with this lower-case name.
pub(crate) fn find<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known == name)?;
    Some(value)
}

/// Returns the names in a comma-separated option or header, without empty ones.
#[must_use]
pub fn list(names: &str) -> Vec<String> {
    elements(names)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_that_would_end_the_line_are_refused() {
        let cases = [
            ("", "a"),
            ("A B", "a"),
            ("A:", "a"),
            ("A\r\nB", "a"),
            ("Ä", "a"),
            ("A", "a\nb"),
            ("A", "a\rb"),
            ("A", "a\0b"),
        ];
        for (name, value) in cases {
            assert!(
                HeaderList::default().set(name, value).is_err(),
                "{name:?}: {value:?}"
            );
        }
    }

    #[test]
    fn a_header_keeps_its_spelling_and_inner_spaces() {
        let mut headers = HeaderList::default();
        headers.set(" X-One ", "  a\tb c  ").unwrap();
        headers.set("x-two", "").unwrap();
        assert_eq!(headers.lines(), "X-One: a\tb c\r\nx-two: \r\n");
    }
}
