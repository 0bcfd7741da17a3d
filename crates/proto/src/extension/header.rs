//! The grammar of `Sec-WebSocket-Extensions`, RFC 6455 §9.1: tokens, parameters and quoted strings.
//!
//! Independent of any particular extension.

use crate::http::headers::{is_token, is_token_byte};

/// The parameters in a header. The value of a parameter is `None` if it is missing.
pub type Parameters = Vec<(String, Option<String>)>;

/// One element of the header: an offer in a request, or a response in the HTTP response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Element {
    /// The name of the extension.
    pub name: String,
    /// The parameters, in order.
    pub parameters: Parameters,
}

/// A value outside the grammar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed;

/// Parses a header value. Allows white space around `,`, `;` and `=`, like websocket-extensions
/// 0.2.
///
/// # Errors
/// [`Malformed`] for a value outside the grammar, including an empty list.
pub fn parse(value: &str) -> Result<Vec<Element>, Malformed> {
    let mut cursor = Cursor {
        rest: value.as_bytes(),
    };
    let mut elements = Vec::new();
    loop {
        elements.push(element(&mut cursor)?);
        cursor.skip_space();
        if cursor.rest.is_empty() {
            return Ok(elements);
        }
        cursor.expect(b',')?;
    }
}

fn element(cursor: &mut Cursor<'_>) -> Result<Element, Malformed> {
    cursor.skip_space();
    let mut element = Element {
        name: cursor.token()?,
        parameters: Vec::new(),
    };
    loop {
        cursor.skip_space();
        if !cursor.accept(b';') {
            return Ok(element);
        }
        cursor.skip_space();
        let name = cursor.token()?;
        cursor.skip_space();
        let value = if cursor.accept(b'=') {
            cursor.skip_space();
            Some(cursor.value()?)
        } else {
            None
        };
        element.parameters.push((name, value));
    }
}

/// Prints an element so that [`parse`] returns it. Quotes values that are not tokens.
/// websocket-extensions, in contrast, does not escape backslashes or quote empty values.
#[must_use]
pub fn print(name: &str, parameters: &[(String, Option<String>)]) -> String {
    let mut printed = name.to_owned();
    for (name, value) in parameters {
        printed.push_str("; ");
        printed.push_str(name);
        match value {
            None => {}
            Some(value) if is_token(value) => {
                printed.push('=');
                printed.push_str(value);
            }
            Some(value) => {
                printed.push_str("=\"");
                printed.push_str(&value.replace('\\', r"\\").replace('"', "\\\""));
                printed.push('"');
            }
        }
    }
    printed
}

/// Returns a parameter's value as a number if websocket-extensions does so:
/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?`.
#[must_use]
pub fn number(value: &str) -> Option<f64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_number = digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    if is_number { value.parse().ok() } else { None }
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn accept(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((&first, rest)) if first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        self.accept(byte).then_some(()).ok_or(Malformed)
    }

    fn token(&mut self) -> Result<String, Malformed> {
        let length = self
            .rest
            .iter()
            .take_while(|&&byte| is_token_byte(byte))
            .count();
        let (token, rest) = self.rest.split_at(length);
        if token.is_empty() {
            return Err(Malformed);
        }
        self.rest = rest;
        Ok(String::from_utf8_lossy(token).into_owned())
    }

    /// Parses a token or a quoted string, without quotes and backslashes.
    fn value(&mut self) -> Result<String, Malformed> {
        if !self.accept(b'"') {
            return self.token();
        }
        let mut value = Vec::new();
        loop {
            let (&byte, rest) = self.rest.split_first().ok_or(Malformed)?;
            self.rest = rest;
            match byte {
                b'"' => return String::from_utf8(value).map_err(|_| Malformed),
                b'\\' => {
                    let (&escaped, rest) = self.rest.split_first().ok_or(Malformed)?;
                    self.rest = rest;
                    // RFC 9110 §5.6.4: a backslash does not permit control characters.
                    if !escaped.is_ascii() || is_control(escaped) {
                        return Err(Malformed);
                    }
                    value.push(escaped);
                }
                byte if is_control(byte) => return Err(Malformed),
                _ => value.push(byte),
            }
        }
    }
}

/// Returns whether `byte` is a control character other than the tab, which counts as white space.
fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parameters_are_parsed_in_order() {
        let parsed =
            parse("permessage-deflate; client_max_window_bits;a=1 ; b = \"x, \\\"y\" ,foo")
                .unwrap();
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(parsed.len(), 2);
        assert_eq!(parsed[0].name, "permessage-deflate");
        assert_eq!(
            parsed[0].parameters,
            [
                ("client_max_window_bits".to_owned(), None),
                ("a".to_owned(), value("1")),
                ("b".to_owned(), value("x, \"y")),
            ]
        );
        assert_eq!(
            parsed[1],
            Element {
                name: "foo".to_owned(),
                parameters: Vec::new()
            }
        );
    }

    #[test]
    fn a_parsed_element_is_printed_unchanged() {
        let headers = [
            r#"a; b; c=1; d="x, \"y"; e=-0.5"#,
            r#"a; b="\\""#,
            r#"a; b="x\\\"y""#,
            r#"a; b="""#,
            "a; b=\"x\ty\"",
            "a; b=\"é\"",
        ];
        for header in headers {
            let parsed = parse(header).unwrap();
            let printed = print(&parsed[0].name, &parsed[0].parameters);
            assert_eq!(printed, header);
            assert_eq!(parse(&printed), Ok(parsed));
        }
    }

    #[test]
    fn only_decimal_numbers_without_leading_zeros_are_numbers() {
        let cases = [
            ("0", Some(0.0)),
            ("15", Some(15.0)),
            ("-3.25", Some(-3.25)),
            ("0.5", Some(0.5)),
            ("007", None),
            ("1e3", None),
            ("1.", None),
            (".5", None),
            ("+1", None),
            ("-", None),
            ("", None),
            ("a", None),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_value_outside_the_grammar_is_refused() {
        let cases = [
            "",
            " ",
            ",",
            "a,",
            "a;",
            "a;=1",
            "a; b=",
            "a b",
            "a; b=\"c",
            "a; b=\"\n\"",
            "a; b=\"\\\n\"",
            "ä",
            "a,,b",
            "a; b=\"\\",
            "a; b=\"\\ü\"",
        ];
        for value in cases {
            assert_eq!(parse(value), Err(Malformed), "{value:?}");
        }
    }
}
