//! An independent check of written bytes: RFC 6455 and the drafts.
//!
//! Expects one head or frame per write, as
//! [`Outbox::take_first`](proto::outbox::Outbox::take_first) returns them. Shares no code with the
//! core.

use std::str::from_utf8;

use crate::inflate::Reader;

/// The check of one connection's writes, in order.
#[derive(Debug)]
pub struct Wire {
    framing: Framing,
    has_head: bool,
    is_over: bool,
    /// The decoder of messages, if they are compressed.
    reader: Option<Reader>,
}

/// The protocol after the head.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// RFC 6455.
    Hybi {
        /// Whether frames are masked, as those of clients are.
        masked: bool,
        /// The reserved bits that messages may have, at their positions in the first byte.
        reserved: u8,
    },
    /// hixie-75: texts.
    Hixie75,
    /// hixie-76: the proof that the server has read the request, then texts.
    Hixie76 {
        /// Whether the proof was written.
        proven: bool,
    },
}

impl Framing {
    /// Returns the framing of RFC 6455 without an extension.
    pub const fn hybi(is_client: bool) -> Self {
        Self::Hybi {
            masked: is_client,
            reserved: 0,
        }
    }
}

/// The opcode of a frame and its payload, inflated if compressed.
pub type Written = (u8, Vec<u8>);

impl Wire {
    /// Creates a check for a connection before its head.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            has_head: false,
            is_over: false,
            reader: None,
        }
    }

    /// Creates a check for a connection after its head.
    pub fn behind_head(framing: Framing) -> Self {
        Self {
            has_head: true,
            ..Self::new(framing)
        }
    }

    /// Requires all following messages to be compressed for this reader.
    pub fn compressed(&mut self, reader: Reader) {
        self.reader = Some(reader);
    }

    /// Checks the next write. Returns `None` for a head or a proof.
    ///
    /// # Errors
    /// If the write is not allowed.
    pub fn write(&mut self, bytes: &[u8]) -> Result<Option<Written>, String> {
        if !self.has_head {
            self.has_head = true;
            self.is_over = head(bytes)?;
            return Ok(None);
        }
        let written = match &mut self.framing {
            Framing::Hybi { masked, reserved } => {
                frame(bytes, *masked, *reserved, self.reader.as_mut())?
            }
            Framing::Hixie76 { proven } if !*proven => {
                *proven = true;
                return match bytes.len() {
                    16 => Ok(None),
                    length => Err(format!("a proof of {length} bytes")),
                };
            }
            Framing::Hixie75 | Framing::Hixie76 { .. } => match bytes {
                [0xFF, 0x00] if matches!(self.framing, Framing::Hixie76 { .. }) => {
                    (CLOSE, Vec::new())
                }
                [0x00, text @ .., 0xFF] => (TEXT, utf8(text)?.to_vec()),
                _ => return Err(format!("not a frame: {bytes:02x?}")),
            },
        };
        // RFC 6455 §5.5.1: "The application MUST NOT send any more data frames after sending
        // a Close frame." Pings are still answered.
        if self.is_over && written.0 != PONG {
            return Err(format!("bytes after the end: {bytes:02x?}"));
        }
        self.is_over |= written.0 == CLOSE;
        Ok(Some(written))
    }
}

/// Checks a head. Returns whether it is a refusal, which nothing may follow.
fn head(bytes: &[u8]) -> Result<bool, String> {
    let text = from_utf8(bytes).map_err(|error| error.to_string())?;
    let wrong = || format!("not a head: {text:?}");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(wrong)?;
    let mut lines = head.split("\r\n");
    let start = lines.next().unwrap_or_default();
    let mut length = 0;
    for line in lines.clone() {
        let (name, value) = line.split_once(": ").ok_or_else(wrong)?;
        if name.is_empty() || name.contains(' ') {
            return Err(wrong());
        }
        if name == "Content-Length" {
            length = value.parse().map_err(|_| wrong())?;
        }
    }
    let refuses = start == "HTTP/1.1 400 Bad Request";
    let accepts = start.starts_with("HTTP/1.1 101 ");
    let asks = start == "GET /chat HTTP/1.1";
    let is_known = refuses || accepts || asks;
    let is_one_line = |line: &str| !line.contains(['\r', '\n', '\0']);
    if !is_known || !is_one_line(start) || !lines.all(is_one_line) || body.len() != length {
        return Err(wrong());
    }
    Ok(refuses)
}

/// Checks the single frame in `bytes`. Inflates its message if there is a reader.
fn frame(
    bytes: &[u8],
    masked: bool,
    reserved: u8,
    reader: Option<&mut Reader>,
) -> Result<Written, String> {
    let [first, second, rest @ ..] = bytes else {
        return Err(format!("not a frame: {bytes:02x?}"));
    };
    let (bits, opcode) = (first & 0x70, first & 0x0F);
    let is_message = match opcode {
        TEXT | BINARY => true,
        CLOSE | PING | PONG => false,
        other => return Err(format!("opcode {other}")),
    };
    if first & 0x80 == 0 {
        return Err(format!("a fragment: {first:02x}"));
    }
    let reader = reader.filter(|_| is_message);
    let are_right = match (&reader, is_message) {
        (Some(_), _) => bits == COMPRESSED,
        (None, true) => bits & !reserved == 0,
        (None, false) => bits == 0,
    };
    if !are_right {
        return Err(format!("invalid reserved bits: {first:02x}"));
    }
    if (second & 0x80 != 0) != masked {
        return Err("invalid masking: clients mask, servers do not".to_owned());
    }
    let (length, rest) = length(second & 0x7F, rest)?;
    let payload = unmasked(masked, rest)?;
    if payload.len() as u64 != length {
        return Err(format!("{} bytes of payload, not {length}", payload.len()));
    }
    if !is_message && length > 125 {
        return Err(format!("a control frame of {length} bytes"));
    }
    let is_plain = bits == 0 || reader.is_some();
    let payload = match reader {
        Some(reader) => reader.message(&payload)?,
        None => payload,
    };
    if opcode == TEXT && is_plain {
        utf8(&payload)?;
    }
    if opcode == CLOSE && !payload.is_empty() {
        let (code, reason) = payload.split_first_chunk().ok_or("no close code")?;
        match u16::from_be_bytes(*code) {
            1000..=1003 | 1007..=1014 | 3000..=4999 => utf8(reason)?,
            other => return Err(format!("close code {other}")),
        };
    }
    Ok((opcode, payload))
}

/// Returns the announced length and the bytes after it.
fn length(short: u8, rest: &[u8]) -> Result<(u64, &[u8]), String> {
    let (length, rest, least) = match short {
        126 => {
            let (length, rest) = rest.split_first_chunk().ok_or("no length")?;
            (u64::from(u16::from_be_bytes(*length)), rest, 126)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk().ok_or("no length")?;
            (u64::from_be_bytes(*length), rest, 65_536)
        }
        short => (u64::from(short), rest, 0),
    };
    if length < least {
        return Err(format!(
            "a length field for {length} that is not the shortest"
        ));
    }
    Ok((length, rest))
}

fn unmasked(masked: bool, rest: &[u8]) -> Result<Vec<u8>, String> {
    if !masked {
        return Ok(rest.to_vec());
    }
    let (key, rest) = rest.split_first_chunk::<4>().ok_or("no masking key")?;
    let octets = rest.iter().zip(key.iter().cycle());
    Ok(octets.map(|(byte, key)| byte ^ key).collect())
}

fn utf8(bytes: &[u8]) -> Result<&[u8], String> {
    match from_utf8(bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(error.to_string()),
    }
}

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
/// RSV1, the bit of permessage-deflate.
const COMPRESSED: u8 = 0x40;
