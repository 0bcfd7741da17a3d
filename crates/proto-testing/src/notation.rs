//! A text notation for bytes.
//!
//! `81 02 "Hi"` is four bytes, `61*3` is three, and spaces are ignored. Inside quotes, `\r`, `\n`,
//! `\0`, `\"` and `\\` have the same meaning as in Rust.

use std::fmt::Write as _;

/// Returns the bytes of a notation.
///
/// # Panics
/// If the notation is malformed.
pub fn bytes(notation: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = notation.trim_start();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = unquote(quoted, &mut bytes).trim_start();
            continue;
        }
        let pair = rest.get(..2).expect("a byte has two hex digits");
        let byte =
            u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("not hexadecimal: {rest:?}"));
        rest = &rest[2..];
        let mut times = 1;
        if let Some(count) = rest.strip_prefix('*') {
            let end = count.find(' ').unwrap_or(count.len());
            times = count[..end].parse().expect("a count is a number");
            rest = &count[end..];
        }
        bytes.resize(bytes.len() + times, byte);
        rest = rest.trim_start();
    }
    bytes
}

/// Returns the notation of `bytes`. Equal bytes have equal notations, so that lines can be
/// compared.
pub fn show(bytes: &[u8]) -> String {
    if bytes.len() < RUN
        && let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains(char::is_control)
    {
        return format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut shown = String::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        if run.len() >= RUN {
            let _ = write!(shown, " {:02x}*{} ", run[0], run.len());
        } else {
            run.iter().for_each(|byte| {
                let _ = write!(shown, "{byte:02x}");
            });
        }
    }
    shown.trim().replace("  ", " ")
}

fn unquote<'a>(quoted: &'a str, bytes: &mut Vec<u8>) -> &'a str {
    let mut chars = quoted.chars();
    loop {
        let char = match chars.next().expect("a quote ends") {
            '"' => return chars.as_str(),
            '\\' => match chars.next().expect("an escape has a character") {
                'r' => '\r',
                'n' => '\n',
                '0' => '\0',
                other => other,
            },
            char => char,
        };
        bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Shorter repetitions are written in full.
const RUN: usize = 16;
