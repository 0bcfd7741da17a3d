//! Integers as parsed by JavaScript's `parseInt`.

use crate::http::headers::is_javascript_space;

/// Returns the integer at the front of a text in JavaScript's notation. Returns `None` for zero and
/// for a text without an integer.
pub(crate) fn parse_int(text: &str) -> Option<String> {
    let text = text.trim_start_matches(is_javascript_space);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|char: char| !char.is_ascii_digit());
    let digits = &digits[..end.unwrap_or(digits.len())];
    // Parsing fails without digits.
    let number = sign * digits.parse::<f64>().ok()?;
    (number != 0.0).then(|| print(number))
}

fn print(number: f64) -> String {
    if number.is_infinite() {
        let sign = if number < 0.0 { "-" } else { "" };
        format!("{sign}Infinity")
    } else if number.abs() < 1e21 {
        number.to_string()
    } else {
        format!("{number:e}").replace('e', "e+")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_and_printed_like_javascript() {
        let endless = "9".repeat(400);
        let below = format!("-{endless}");
        let cases = [
            ("13", Some("13")),
            ("08", Some("8")),
            ("\u{FEFF}\u{A0}\t 13", Some("13")),
            ("\u{85}13", None),
            ("13.9", Some("13")),
            ("13, 8", Some("13")),
            ("+8x", Some("8")),
            ("-13", Some("-13")),
            ("0x8", None),
            ("-0", None),
            ("", None),
            ("- 8", None),
            ("+-8", None),
            ("abc", None),
            ("१३", None),
            ("1e3", Some("1")),
            ("12345678901234567890", Some("12345678901234567000")),
            ("999999999999999999999", Some("1e+21")),
            ("12300000000000000000000", Some("1.23e+22")),
            (&endless, Some("Infinity")),
            (&below, Some("-Infinity")),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_int(text).as_deref(), expected, "{text:?}");
        }
    }
}
