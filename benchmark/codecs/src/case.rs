//! The cases: what is decoded or encoded.

use std::rc::Rc;

use crate::codecs::Codec;
use crate::wire::{Kind, Wire};

/// One measured case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) work: Work,
    pub(crate) wire: Rc<Wire>,
}

#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Receive all messages of the wire.
    Decode,
    /// Send all messages, each with a write of its own.
    Encode,
}

impl Work {
    /// Does the work once.
    pub(crate) fn run(self, codec: &mut dyn Codec) {
        let messages = codec.inspector().expected();
        match self {
            Self::Decode => codec.receive(messages),
            Self::Encode => codec.send(messages),
        }
    }
}

impl Case {
    /// Returns the case with this name of `benchmark/codecs/cases.js`.
    pub(crate) fn named(name: &str) -> Self {
        let (work, wire) = match name {
            "text-125-single" => (Work::Decode, Wire::frame_by_frame(Kind::Text, &ascii(125))),
            "text-125" => (Work::Decode, Wire::in_chunks(Kind::Text, &ascii(125))),
            "text-1k-single" => (Work::Decode, Wire::frame_by_frame(Kind::Text, &mixed(1024))),
            "text-1k" => (Work::Decode, Wire::in_chunks(Kind::Text, &mixed(1024))),
            "binary-64k-single" => (
                Work::Decode,
                Wire::frame_by_frame(Kind::Binary, &noise(65_536)),
            ),
            "binary-64k" => (Work::Decode, Wire::in_chunks(Kind::Binary, &noise(65_536))),
            "text-1k-fragments" => (Work::Decode, Wire::fragmented(Kind::Text, &mixed(1024), 4)),
            "binary-64k-fragments" => (
                Work::Decode,
                Wire::fragmented(Kind::Binary, &noise(65_536), 16),
            ),
            "send-text-125" => (Work::Encode, Wire::frame_by_frame(Kind::Text, &ascii(125))),
            "send-binary-64k" => (
                Work::Encode,
                Wire::frame_by_frame(Kind::Binary, &noise(65_536)),
            ),
            _ => panic!("no such case: {name}"),
        };
        Self {
            name: name.to_owned(),
            work,
            wire: Rc::new(wire),
        }
    }
}

/// Returns messages of this length in ASCII, no two alike.
fn ascii(length: usize) -> Vec<Vec<u8>> {
    texts(length, "The quick brown fox jumps over the lazy dog. ")
}

/// Returns messages of this length with characters of one to four bytes.
fn mixed(length: usize) -> Vec<Vec<u8>> {
    texts(
        length,
        "Съешь ещё этих мягких булок 🥐, да выпей чаю ☕. And tea. ",
    )
}

fn texts(length: usize, sentence: &str) -> Vec<Vec<u8>> {
    let text = |index: usize| {
        let mut text = format!("{index} ");
        for character in sentence.chars().cycle() {
            if text.len() + character.len_utf8() > length {
                break;
            }
            text.push(character);
        }
        text.extend(std::iter::repeat_n(' ', length - text.len()));
        text.into_bytes()
    };
    (0..TOTAL / length).map(text).collect()
}

/// Returns messages of this length with any bytes.
fn noise(length: usize) -> Vec<Vec<u8>> {
    let mut state = 1_u64;
    let mut byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    let mut message = || (0..length).map(|_| byte()).collect();
    (0..TOTAL / length).map(|_| message()).collect()
}

/// The payload bytes of a case. The second-level cache holds them, as it holds what the kernel has just copied.
const TOTAL: usize = 512 * 1024;
