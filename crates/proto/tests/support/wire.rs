//! An independent look at what a connection writes: every frame must be legal. Shares no code with the
//! crate.

use super::inflate::Reader;

/// What has been checked of one direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    is_client: bool,
    head_is_over: bool,
    is_closed: bool,
    /// Messages are compressed.
    reader: Option<Reader>,
}

/// What a connection has written: the opcode and, for a message, what it says.
pub(crate) type Written = (u8, Vec<u8>);

impl Wire {
    /// The bytes of a client are masked, those of a server are not. With `has_head`, a handshake comes
    /// first.
    pub(crate) fn new(is_client: bool, has_head: bool) -> Self {
        Self {
            is_client,
            head_is_over: !has_head,
            ..Self::default()
        }
    }

    /// From now on messages have to be compressed, for this reader.
    pub(crate) fn compressed(&mut self, reader: Reader) {
        self.reader = Some(reader);
    }

    /// Takes one write, which must be one head, for which there is nothing to return, or one whole frame.
    pub(crate) fn write(&mut self, write: &[u8]) -> Result<Option<Written>, String> {
        // Pings are answered until the peer's close frame is in.
        let is_pong = self.head_is_over && write.first() == Some(&0x8A);
        if self.is_closed && !is_pong {
            return Err(format!("bytes after the close frame: {write:02x?}"));
        }
        if !self.head_is_over {
            self.head_is_over = true;
            self.is_closed = write.starts_with(b"HTTP/1.1 400 ");
            let is_head = self.is_closed
                || write.ends_with(b"\r\n\r\n")
                    && (write.starts_with(b"HTTP/1.1 101 ") || write.starts_with(b"GET "));
            return is_head.then_some(None).ok_or("no head".to_owned());
        }
        let mut rest = write;
        let written = self.frame(&mut rest)?;
        rest.is_empty()
            .then_some(Some(written))
            .ok_or(format!("{} bytes behind a frame", rest.len()))
    }

    fn frame(&mut self, rest: &mut &[u8]) -> Result<Written, String> {
        let first = take(rest, 1)?[0];
        let second = take(rest, 1)?[0];
        let opcode = first & 0x0F;
        let is_compressed = self.reader.is_some() && opcode < 8;
        let expected = if is_compressed { 0xC0 } else { 0x80 };
        if first & 0xF0 != expected {
            return Err(format!(
                "not final, or the wrong reserved bits: {first:02x}"
            ));
        }
        let length = match second & 0x7F {
            126 => minimal(number(take(rest, 2)?), 126)?,
            127 => minimal(number(take(rest, 8)?), 65_536)?,
            short => usize::from(short),
        };
        if (second & 0x80 != 0) != self.is_client {
            return Err("clients mask, servers do not".to_owned());
        }
        let key = if self.is_client {
            take(rest, 4)?.to_vec()
        } else {
            vec![0; 4]
        };
        let masked = take(rest, length)?;
        let mut payload: Vec<u8> = (0..length).map(|i| masked[i] ^ key[i % 4]).collect();
        if let Some(reader) = self.reader.as_mut().filter(|_| is_compressed) {
            payload = reader.message(&payload)?;
        }
        let is_text = |bytes: &[u8]| {
            std::str::from_utf8(bytes)
                .map(drop)
                .map_err(|error| error.to_string())
        };
        match opcode {
            1 => is_text(&payload),
            2 => Ok(()),
            8..=10 if length > 125 => Err(format!("a control frame of {length} bytes")),
            9 | 10 => Ok(()),
            8 => {
                self.is_closed = true;
                let (code, reason) = payload.split_at_checked(2).ok_or("no close code")?;
                match u16::from_be_bytes([code[0], code[1]]) {
                    1000..=1003 | 1007..=1014 | 3000..=4999 => is_text(reason),
                    other => Err(format!("close code {other}")),
                }
            }
            other => Err(format!("opcode {other}")),
        }?;
        Ok((opcode, payload))
    }
}

fn minimal(length: u64, least: u64) -> Result<usize, String> {
    if length < least {
        return Err(format!("{length} in too long a form"));
    }
    usize::try_from(length).map_err(|error| error.to_string())
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], String> {
    let (taken, more) = rest
        .split_at_checked(length)
        .ok_or(format!("cut short: {length} of {}", rest.len()))?;
    *rest = more;
    Ok(taken)
}
