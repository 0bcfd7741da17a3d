//! The drafts before RFC 6455, hixie-75 and hixie-76: framing (`0x00 text 0xFF`), and the close
//! frame of hixie-76.
//!
//! `draft75.rs` and `draft76.rs` contain the opening handshakes. Neither draft has binary messages,
//! pings, close codes or close reasons.

pub(crate) mod draft75;
pub(crate) mod draft76;

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::inbox::Inbox;
use crate::memory::{self, NoMemory};
use crate::outbox::Outbox;
use crate::output::{Event, Kind, Message, Output};
use crate::spare;
use crate::utf8::is_utf8;

/// An open connection of hixie-75 or hixie-76.
#[derive(Debug)]
pub(crate) struct Hixie {
    closing: Closing,
    is_closed: bool,
    max_length: usize,
    inbox: Inbox,
    state: State,
    text: Vec<u8>,
}

/// The closing handshake of a draft.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Closing {
    /// hixie-75: none; the TCP connection ends.
    Silent,
    /// hixie-76: `0xFF 0x00` in each direction.
    Frame,
}

/// The interpretation of the next byte.
#[derive(Clone, Copy, Debug)]
enum State {
    FrameType,
    /// Part of a length, seven bits per byte. `closes` is true after `0xFF` in hixie-76.
    Length {
        length: usize,
        closes: bool,
    },
    /// Part of a frame with a length. No version of the protocol defines its meaning.
    Skipped {
        remaining: usize,
    },
    /// Part of a text, up to `0xFF`.
    Text,
}

/// The result of decoding.
enum Found {
    Text,
    Close,
}

impl Hixie {
    /// Opens a connection. `inbox` contains the bytes that arrived with the handshake.
    pub(crate) fn new(closing: Closing, max_length: usize, inbox: Inbox) -> Self {
        Self {
            closing,
            is_closed: false,
            max_length,
            inbox,
            state: State::FrameType,
            text: Vec::new(),
        }
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if !self.is_closed {
            self.inbox.push(bytes);
        }
    }

    pub(crate) fn poll(
        &mut self,
        outbox: &mut Outbox,
        pending: &mut VecDeque<Event>,
    ) -> Option<Output<'_>> {
        match self.advance()? {
            Found::Text => Some(Output::Message(Message {
                kind: Kind::Text,
                payload: &self.text,
                cuts: None,
                is_ascii: false,
            })),
            Found::Close => {
                self.close(outbox);
                pending.push_back(CLOSE);
                Output::of(outbox, pending)
            }
        }
    }

    /// Sends a text message. Returns false if the connection is closed. Replaces invalid UTF-8,
    /// which could contain the byte that ends the frame.
    pub(crate) fn send(&mut self, text: &[u8], outbox: &mut Outbox) -> bool {
        if !self.is_closed {
            match repaired(text) {
                Ok(text) => outbox.append(text.len() + 2, |bytes| {
                    bytes.push(0x00);
                    bytes.extend_from_slice(&text);
                    bytes.push(0xFF);
                }),
                Err(NoMemory) => outbox.lose(),
            }
        }
        !self.is_closed
    }

    /// Closes immediately. Returns false if the connection is already closed.
    pub(crate) fn close(&mut self, outbox: &mut Outbox) -> bool {
        let accepted = !self.is_closed;
        self.release();
        if accepted && self.closing == Closing::Frame {
            outbox.push(&[0xFF, 0x00]);
        }
        accepted
    }

    pub(crate) fn release(&mut self) {
        self.is_closed = true;
        self.inbox.clear();
        self.text = Vec::new();
    }

    pub(crate) fn has_unread(&self) -> bool {
        !self.inbox.unread().is_empty() || self.inbox.is_cut()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn advance(&mut self) -> Option<Found> {
        loop {
            if let State::Text = self.state {
                return self.continue_text();
            }
            if let State::Skipped { remaining } = self.state {
                let skipped = remaining.min(self.inbox.unread().len());
                self.inbox.take(skipped);
                self.state = match remaining - skipped {
                    0 => State::FrameType,
                    remaining => State::Skipped { remaining },
                };
            }
            let Some(&byte) = self.inbox.unread().first() else {
                // The application has handled the last text.
                spare::put(&mut self.text);
                return self.wait();
            };
            self.inbox.take(1);
            match self.state {
                State::FrameType => self.state = self.frame_type(byte),
                State::Length { length, closes } => {
                    let digit = usize::from(byte & 0x7F);
                    let length = length.checked_mul(128).map(|length| length + digit);
                    // A length that overflows exceeds every limit.
                    let Some(length) = length.filter(|&length| length <= self.max_length) else {
                        return Some(Found::Close);
                    };
                    if closes && length == 0 {
                        return Some(Found::Close);
                    }
                    self.state = match (byte & 0x80, length) {
                        (0, 0) => State::FrameType,
                        (0, remaining) => State::Skipped { remaining },
                        _ => State::Length { length, closes },
                    };
                }
                State::Text | State::Skipped { .. } => {}
            }
        }
    }

    fn frame_type(&mut self, byte: u8) -> State {
        if byte & 0x80 == 0 {
            // The next text may stay short and incomplete for an unlimited time.
            spare::put(&mut self.text);
            return State::Text;
        }
        State::Length {
            length: 0,
            closes: byte == 0xFF && self.closing == Closing::Frame,
        }
    }

    fn continue_text(&mut self) -> Option<Found> {
        let unread = self.inbox.unread();
        let end = memchr::memchr(0xFF, unread);
        let piece = self.inbox.take(end.unwrap_or(unread.len()));
        let piece = self.inbox.taken(piece);
        if self.text.len() + piece.len() > self.max_length {
            return Some(Found::Close);
        }
        if self.text.capacity() == 0 {
            self.text = spare::take(piece.len());
        }
        if memory::append(&mut self.text, piece).is_err() {
            return Some(Found::Close);
        }
        if end.is_none() {
            return self.wait();
        }
        self.inbox.take(1);
        self.state = State::FrameType;
        // The drafts define no error for invalid UTF-8, so it is replaced.
        match repaired(&self.text) {
            Ok(Cow::Borrowed(_)) => {}
            Ok(Cow::Owned(text)) => self.text = text,
            Err(NoMemory) => return Some(Found::Close),
        }
        Some(Found::Text)
    }

    /// Waits for more bytes. Closes if bytes were discarded for lack of memory.
    fn wait(&mut self) -> Option<Found> {
        if self.inbox.is_cut() {
            return Some(Found::Close);
        }
        self.inbox.release();
        None
    }
}

/// Returns the text with U+FFFD in place of invalid UTF-8.
fn repaired(text: &[u8]) -> Result<Cow<'_, [u8]>, NoMemory> {
    if is_utf8(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut repaired = Vec::new();
    for chunk in text.utf8_chunks() {
        memory::append(&mut repaired, chunk.valid().as_bytes())?;
        if !chunk.invalid().is_empty() {
            memory::append(&mut repaired, "\u{FFFD}".as_bytes())?;
        }
    }
    Ok(Cow::Owned(repaired))
}

/// The close event of both drafts, for a close by either end.
pub(crate) const CLOSE: Event = Event::Close {
    code: None,
    reason: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `bytes` in one chunk and byte by byte.
    fn transcript(closing: Closing, bytes: &[u8]) -> Vec<String> {
        let run = |size: usize| {
            let mut hixie = Hixie::new(closing, 300, Inbox::default());
            let mut outbox = Outbox::default();
            let mut pending = VecDeque::new();
            let mut lines = Vec::new();
            for chunk in bytes.chunks(size) {
                hixie.receive(chunk);
                loop {
                    match hixie.poll(&mut outbox, &mut pending) {
                        None => break,
                        Some(Output::Message(message)) => {
                            lines.push(String::from_utf8_lossy(message.payload).into_owned());
                        }
                        Some(_) => lines.push(format!("closed {:02x?}", outbox.bytes())),
                    }
                }
            }
            lines
        };
        let whole = run(bytes.len().max(1));
        assert_eq!(whole, run(1), "the chunks changed the transcript");
        whole
    }

    #[test]
    fn texts_are_received_and_frames_with_a_length_are_skipped() {
        let cases: [(&str, &[u8], &[&str]); 8] = [
            ("a text", b"\x00Hi\xFF", &["Hi"]),
            ("an empty text", b"\x00\xFF", &[""]),
            ("any type below 0x80", b"\x7FHi\xFF", &["Hi"]),
            ("two texts", b"\x00a\xFF\x00b\xFF", &["a", "b"]),
            (
                "a length and its bytes, including 0xFF",
                b"\x80\x02\xFF\xFF\x00a\xFF",
                &["a"],
            ),
            ("a length of zero", b"\x80\x00\x00a\xFF", &["a"]),
            (
                "a length in two bytes",
                &[b"\x80\x81\x00", &[7; 128][..], b"\x00a\xFF"].concat(),
                &["a"],
            ),
            (
                "bytes that are not UTF-8",
                b"\x00a\xC0b\xFF",
                &["a\u{FFFD}b"],
            ),
        ];
        for (name, bytes, expected) in cases {
            for closing in [Closing::Silent, Closing::Frame] {
                assert_eq!(transcript(closing, bytes), expected, "{name}, {closing:?}");
            }
        }
    }

    #[test]
    fn a_length_that_overflows_closes_the_connection() {
        let mut hixie = Hixie::new(Closing::Silent, usize::MAX, Inbox::default());
        hixie.receive(&[&[0x80][..], &[0xFF; 20], &[0x00]].concat());
        let (mut outbox, mut pending) = (Outbox::default(), VecDeque::new());
        let output = hixie.poll(&mut outbox, &mut pending);
        assert!(matches!(output, Some(Output::Event(CLOSE))), "{output:?}");
    }

    #[test]
    fn a_close_frame_or_a_text_above_the_limit_closes_the_connection() {
        use Closing::{Frame, Silent};
        let long = [b"\x00".to_vec(), vec![b'a'; 301]].concat();
        let just = [b"\x00".to_vec(), vec![b'a'; 300], b"\xFF".to_vec()].concat();
        let cases: [(&str, Closing, &[u8], &[&str]); 8] = [
            (
                "a close frame",
                Frame,
                b"\xFF\x00\x00a\xFF",
                &["closed [ff, 00]"],
            ),
            (
                "a close frame in hixie-75",
                Silent,
                b"\xFF\x00\x00a\xFF",
                &["a"],
            ),
            (
                "a length above the limit",
                Silent,
                b"\x80\x82\x2D",
                &["closed []"],
            ),
            (
                "an endless length",
                Silent,
                b"\x80\x82\xAD\x80",
                &["closed []"],
            ),
            ("an endless text", Frame, &long, &["closed [ff, 00]"]),
            (
                "0xFF with a length is skipped",
                Frame,
                b"\xFF\x01a\x00b\xFF",
                &["b"],
            ),
            (
                "0xFF with a length does not close at the next length",
                Frame,
                b"\xFF\x01a\x80\x00\x00b\xFF",
                &["b"],
            ),
            ("a text at the limit", Silent, &just, &[&"a".repeat(300)]),
        ];
        for (name, closing, bytes, expected) in cases {
            assert_eq!(transcript(closing, bytes), expected, "{name}");
        }
    }
}
