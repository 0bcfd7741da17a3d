//! Random streams of frames, valid and invalid.

use proptest::collection::vec;
use proptest::prelude::*;
use zlib_rs::Deflate;

use crate::frames::{deflated, frame};
use crate::notation::show;

/// Bytes from a peer, and the expected transcript of a lenient server.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The expected transcript.
    pub transcript: Vec<String>,
}

#[derive(Clone, Debug)]
struct Message {
    is_text: bool,
    content: Vec<u8>,
    /// Compressed or not.
    payload: Vec<u8>,
    rsv: u8,
    /// The offsets at which the payload is fragmented.
    cuts: Vec<usize>,
    /// Control frames between the fragments and after the last one.
    controls: Vec<Control>,
    key: Option<[u8; 4]>,
}

#[derive(Clone, Debug)]
struct Control {
    is_ping: bool,
    payload: Vec<u8>,
}

/// Generates whole messages with control frames between their fragments. Some streams end with a
/// close frame.
pub fn valid() -> impl Strategy<Value = Stream> {
    (vec(message(), 0..6), any::<bool>()).prop_map(|(messages, closes)| {
        let mut stream = Stream {
            bytes: Vec::new(),
            transcript: Vec::new(),
        };
        for message in &messages {
            message.append_to(&mut stream);
        }
        if closes {
            stream.bytes.extend(frame(0x88, None, b"\x0B\xB9bye"));
            let end = ["write 88050bb9627965", "close 3001 bye"];
            stream.transcript.extend(end.map(str::to_owned));
        }
        stream
    })
}

/// Generates valid streams with a few bytes changed, removed or inserted. Most of them contain
/// violations.
pub fn broken() -> impl Strategy<Value = Vec<u8>> {
    (valid(), changes()).prop_map(|(stream, changes)| changed(stream.bytes, &changes))
}

/// Generates whole messages, most of them compressed, with references between them.
pub fn compressed() -> impl Strategy<Value = Stream> {
    vec((message(), prop::bool::weighted(0.8), any::<bool>()), 0..6).prop_map(|messages| {
        let mut deflate = Deflate::new(6, false, 15);
        let mut stream = Stream {
            bytes: Vec::new(),
            transcript: Vec::new(),
        };
        for (mut message, is_compressed, is_repeated) in messages {
            if is_compressed {
                message.deflate(&mut deflate);
            }
            message.append_to(&mut stream);
            if is_compressed && is_repeated {
                message.payload = message.content.clone();
                message.deflate(&mut deflate);
                message.append_to(&mut stream);
            }
        }
        stream
    })
}

/// Generates compressed streams with a few bytes changed, removed or inserted.
pub fn broken_compressed() -> impl Strategy<Value = Vec<u8>> {
    (compressed(), changes()).prop_map(|(stream, changes)| changed(stream.bytes, &changes))
}

type Changes = Vec<(prop::sample::Index, u8, u8)>;

fn changes() -> impl Strategy<Value = Changes> {
    vec((any::<prop::sample::Index>(), 0..3u8, any::<u8>()), 1..4)
}

fn changed(mut bytes: Vec<u8>, changes: &Changes) -> Vec<u8> {
    for (at, kind, byte) in changes {
        let at = at.index(bytes.len() + 1);
        match kind {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.insert(at, *byte),
        }
    }
    bytes
}

/// Generates text with characters of one to four bytes.
pub fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        4 => prop::char::range(' ', '~'),
        2 => prop::char::range('\u{80}', '\u{7FF}'),
        2 => prop::char::range('\u{E000}', '\u{FFFD}'),
        1 => prop::char::range('\u{10000}', '\u{10FFFF}'),
        1 => any::<char>(),
    ];
    let short = vec(char, 0..60).prop_map(String::from_iter);
    // Some texts are longer than a block of the receiver.
    (short, prop_oneof![9 => Just(1), 1 => 1..800usize])
        .prop_map(|(text, times)| text.repeat(times))
}

fn message() -> impl Strategy<Value = Message> {
    let payload = prop_oneof![
        text().prop_map(|text| (true, text.into_bytes())),
        vec(any::<u8>(), 0..200).prop_map(|bytes| (false, bytes)),
    ];
    let controls = vec((any::<bool>(), vec(any::<u8>(), 0..126)), 0..4);
    let cuts = vec(any::<prop::sample::Index>(), 0..4);
    (payload, cuts, controls, any::<Option<[u8; 4]>>()).prop_map(
        |((is_text, payload), cuts, controls, key)| {
            let mut cuts: Vec<_> = cuts
                .iter()
                .map(|cut| cut.index(payload.len() + 1))
                .collect();
            cuts.sort_unstable();
            let control = |(is_ping, payload)| Control { is_ping, payload };
            Message {
                is_text,
                content: payload.clone(),
                payload,
                rsv: 0,
                cuts,
                controls: controls.into_iter().map(control).collect(),
                key,
            }
        },
    )
}

impl Message {
    fn deflate(&mut self, deflate: &mut Deflate) {
        self.payload = deflated(deflate, &self.payload);
        self.rsv = 0x40;
        for cut in &mut self.cuts {
            *cut = (*cut).min(self.payload.len());
        }
    }

    fn append_to(&self, stream: &mut Stream) {
        let mut controls = self.controls.iter();
        let mut start = 0;
        let mut opcode = self.rsv | if self.is_text { 0x01 } else { 0x02 };
        for &cut in &self.cuts {
            stream
                .bytes
                .extend(frame(opcode, self.key, &self.payload[start..cut]));
            (start, opcode) = (cut, 0x00);
            if let Some(control) = controls.next() {
                control.append_to(stream);
            }
        }
        let last = frame(0x80 | opcode, self.key, &self.payload[start..]);
        stream.bytes.extend(last);
        let kind = if self.is_text { "text" } else { "binary" };
        let line = format!("message {kind} {}", show(&self.content));
        stream.transcript.push(line);
        controls.for_each(|control| control.append_to(stream));
    }
}

impl Control {
    fn append_to(&self, stream: &mut Stream) {
        let first = if self.is_ping { 0x89 } else { 0x8A };
        stream.bytes.extend(frame(first, None, &self.payload));
        let shown = show(&self.payload);
        if self.is_ping {
            let pong = show(&frame(0x8A, None, &self.payload));
            stream.transcript.push(format!("write {pong}"));
            stream.transcript.push(format!("ping {shown}"));
        } else {
            stream.transcript.push(format!("pong {shown}"));
        }
    }
}
