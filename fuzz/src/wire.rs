//! What may be written: an independent reading of RFC 6455 and the drafts.
//!
//! Knows heads and frames, one per write, as [`Outbox::take_first`](proto::outbox::Outbox::take_first)
//! hands them out. Shares no code with the core.

/// Judges the writes of one connection, in order.
#[derive(Debug)]
pub struct Wire {
    framing: Framing,
    has_head: bool,
    is_over: bool,
}

/// What follows the head.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// RFC 6455. Clients mask; `reserved` are the bits that an extension owns.
    Hybi { masked: bool, reserved: u8 },
    /// hixie-75: texts.
    Hixie75,
    /// hixie-76: the proof that the request was read, then texts.
    Hixie76 { proven: bool },
}

impl Wire {
    /// Of a connection that has not written anything.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            has_head: false,
            is_over: false,
        }
    }

    /// Takes the next write.
    ///
    /// # Panics
    /// When it is not legal.
    pub fn write(&mut self, bytes: &[u8]) {
        if !self.has_head {
            self.has_head = true;
            self.is_over = head(bytes);
            return;
        }
        match &mut self.framing {
            Framing::Hybi { masked, reserved } => {
                let opcode = frame(bytes, *masked, *reserved);
                // RFC 6455 §5.5.1: "The application MUST NOT send any more data frames after sending
                // a Close frame." Pings are still answered.
                assert!(!self.is_over || opcode == PONG, "{opcode} after the end");
                self.is_over |= opcode == CLOSE;
            }
            Framing::Hixie76 { proven } if !*proven => {
                *proven = true;
                assert_eq!(bytes.len(), 16, "the proof");
            }
            Framing::Hixie75 | Framing::Hixie76 { .. } => {
                assert!(!self.is_over, "a write after the end");
                match bytes {
                    [0xFF, 0x00] if matches!(self.framing, Framing::Hixie76 { .. }) => {
                        self.is_over = true;
                    }
                    [0x00, text @ .., 0xFF] => {
                        std::str::from_utf8(text).expect("a text is UTF-8");
                    }
                    _ => panic!("no frame: {bytes:02x?}"),
                }
            }
        }
    }
}

/// Whether nothing may follow the head, because it refuses.
fn head(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).expect("a head is text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head ends");
    let mut lines = head.split("\r\n");
    let start = lines.next().unwrap_or_default();
    assert!(!start.contains(['\r', '\n', '\0']), "{start:?}");
    let mut length = 0;
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header has a value");
        assert!(!name.is_empty() && !name.contains(' '), "{line:?}");
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        if name == "Content-Length" {
            length = value.parse().expect("a length is a number");
        }
    }
    let refuses = start == "HTTP/1.1 400 Bad Request";
    let accepts = start.starts_with("HTTP/1.1 101 ");
    let asks = start == "GET /chat HTTP/1.1";
    assert!(refuses || accepts || asks, "{start:?}");
    if refuses {
        assert_eq!(body.len(), length, "{text:?}");
    } else {
        assert_eq!(body, "", "{text:?}");
    }
    refuses
}

/// The opcode of the one frame in `bytes`.
fn frame(bytes: &[u8], masked: bool, reserved: u8) -> u8 {
    let [first, second, rest @ ..] = bytes else {
        panic!("no frame: {bytes:02x?}");
    };
    let (bits, opcode) = (first & 0x70, first & 0x0F);
    assert!(first & 0x80 != 0, "we do not fragment");
    assert!(
        [TEXT, BINARY, CLOSE, PING, PONG].contains(&opcode),
        "{opcode}"
    );
    assert_eq!(second & 0x80 != 0, masked, "masking");
    let (length, rest) = match second & 0x7F {
        126 => {
            let (length, rest) = rest.split_first_chunk().expect("a length");
            let length = u64::from(u16::from_be_bytes(*length));
            assert!(length > 125, "{length} has a shorter form");
            (length, rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk().expect("a length");
            let length = u64::from_be_bytes(*length);
            assert!(length > 65_535, "{length} has a shorter form");
            (length, rest)
        }
        short => (u64::from(short), rest),
    };
    let mut payload = rest.to_vec();
    if masked {
        let (key, rest) = rest.split_first_chunk::<4>().expect("a masking key");
        let masked = rest.iter().zip(key.iter().cycle());
        payload = masked.map(|(byte, key)| byte ^ key).collect();
    }
    assert_eq!(payload.len() as u64, length, "the announced length");
    if matches!(opcode, TEXT | BINARY) {
        assert_eq!(bits & !reserved, 0, "reserved bits");
    } else {
        assert_eq!(bits, 0, "reserved bits of a control frame");
        assert!(length <= 125, "a control frame of {length} bytes");
    }
    if opcode == TEXT && bits == 0 {
        std::str::from_utf8(&payload).expect("a text is UTF-8");
    }
    if opcode == CLOSE {
        let (code, reason) = payload.split_first_chunk().expect("we say why");
        let code = u16::from_be_bytes(*code);
        let may_travel = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert!(may_travel, "close code {code}");
        std::str::from_utf8(reason).expect("a reason is UTF-8");
    }
    opcode
}

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
