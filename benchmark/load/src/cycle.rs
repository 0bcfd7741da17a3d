//! The messages that every connection sends in a cycle, and the frames that carry them.
//!
//! Does all slow work before the measurement: compressing, masking, framing. Knows no sockets.

use zlib_rs::{Deflate, DeflateFlush};

use crate::fault::BadData;
use crate::frame::append_masked;

/// The bytes at the end of every sync flush that RFC 7692 omits (section 7.2.1).
pub(crate) const FLUSH_TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

const LEVEL: i32 = 6;
const WINDOW_BITS: u8 = 15;
/// The number of messages with which connections begin. If all connections began with the same message, the server
/// would receive the same bytes 64 times in a row. Its caches and branch predictors would make that cheaper than in
/// practice.
const STARTS: usize = 8;

/// The messages in order, and their frames in one buffer.
pub(crate) struct Cycle {
    opcode: u8,
    deflate: bool,
    plain: Vec<u8>,
    plain_ends: Vec<usize>,
    wire: Vec<u8>,
    wire_ends: Vec<usize>,
}

impl Cycle {
    /// Builds a cycle. With `deflate`, the frames contain one compressed stream per start: no message refers back
    /// beyond the start before it. An inflater that keeps its window can inflate these frames from each start.
    pub(crate) fn new(messages: &[&[u8]], opcode: u8, deflate: bool) -> Result<Self, BadData> {
        if messages.is_empty() {
            return Err(BadData::NoMessages);
        }
        let mut cycle = Self {
            opcode,
            deflate,
            plain: Vec::new(),
            plain_ends: Vec::new(),
            wire: Vec::new(),
            wire_ends: Vec::new(),
        };
        let starts: Vec<usize> = (0..STARTS).map(|nth| start(nth, messages.len())).collect();
        let mut compressor = Compressor::new();
        for (index, &message) in messages.iter().enumerate() {
            if message.is_empty() {
                return Err(BadData::EmptyMessage);
            }
            if starts.contains(&index) {
                compressor.restart();
            }
            cycle.plain.extend_from_slice(message);
            cycle.plain_ends.push(cycle.plain.len());
            let key = masking_key(index);
            if deflate {
                let payload = compressor.compress(message);
                append_masked(&mut cycle.wire, opcode, true, key, payload);
            } else {
                append_masked(&mut cycle.wire, opcode, false, key, message);
            }
            cycle.wire_ends.push(cycle.wire.len());
        }
        Ok(cycle)
    }

    /// Returns the number of messages.
    pub(crate) fn len(&self) -> usize {
        self.plain_ends.len()
    }

    /// Returns the opcode of the messages and of their replies.
    pub(crate) fn opcode(&self) -> u8 {
        self.opcode
    }

    pub(crate) fn deflate(&self) -> bool {
        self.deflate
    }

    /// Returns the message with which the `nth` connection begins.
    pub(crate) fn start(&self, nth: usize) -> usize {
        start(nth % STARTS, self.len())
    }

    pub(crate) fn message(&self, index: usize) -> &[u8] {
        &self.plain[begin(&self.plain_ends, index)..self.plain_ends[index]]
    }

    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Returns the offset of a message's frame in `wire`, which is the end of the previous frame.
    pub(crate) fn frame_begin(&self, index: usize) -> usize {
        begin(&self.wire_ends, index)
    }
}

fn start(nth: usize, messages: usize) -> usize {
    nth * messages / STARTS
}

fn begin(ends: &[usize], index: usize) -> usize {
    index.checked_sub(1).map_or(0, |before| ends[before])
}

/// Returns a masking key. No byte of the key is zero, so that a server cannot skip unmasking.
fn masking_key(index: usize) -> [u8; 4] {
    let spread = (index as u32).wrapping_mul(0x9e37_79b1);
    spread.to_be_bytes().map(|byte| byte | 1)
}

struct Compressor {
    deflate: Deflate,
    output: Vec<u8>,
}

impl Compressor {
    fn new() -> Self {
        Self {
            deflate: Deflate::new(LEVEL, false, WINDOW_BITS),
            output: Vec::new(),
        }
    }

    fn restart(&mut self) {
        self.deflate.reset();
    }

    /// Returns the payload of a compressed message. It may refer back to the messages since the last restart.
    fn compress(&mut self, message: &[u8]) -> &[u8] {
        // More than stored blocks require. The loop below detects a buffer that is too small.
        self.output
            .resize(message.len() + message.len() / 64 + 64, 0);
        let before = self.deflate.total_out();
        self.deflate
            .compress(message, &mut self.output, DeflateFlush::SyncFlush)
            .expect("a compressor takes any input");
        let length = (self.deflate.total_out() - before) as usize;
        self.output[..length]
            .strip_suffix(&FLUSH_TAIL)
            .expect("the output has room for the flush")
    }
}

#[cfg(test)]
mod tests {
    use zlib_rs::{Inflate, InflateFlush};

    use super::*;
    use crate::frame::{BINARY, TEXT};

    fn messages() -> Vec<Vec<u8>> {
        (0..40)
            .map(|index| {
                format!("{{\"symbol\":\"S{index}\",\"price\":{}}}", index * 37).into_bytes()
            })
            .collect()
    }

    fn cycle(deflate: bool) -> (Vec<Vec<u8>>, Cycle) {
        let messages = messages();
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let cycle = Cycle::new(&slices, TEXT, deflate).unwrap();
        (messages, cycle)
    }

    /// Returns the payload of the frame of a message, unmasked. All frames here are short.
    fn payload(cycle: &Cycle, index: usize) -> Vec<u8> {
        let frame = &cycle.wire()[cycle.frame_begin(index)..cycle.wire_ends[index]];
        let (key, payload) = (&frame[2..6], &frame[6..]);
        let key = key.iter().cycle();
        payload
            .iter()
            .zip(key)
            .map(|(byte, key)| byte ^ key)
            .collect()
    }

    #[test]
    fn frames_are_in_order_and_contain_their_messages() {
        let (messages, cycle) = cycle(false);
        assert_eq!(cycle.len(), messages.len());
        for (index, message) in messages.iter().enumerate() {
            assert_eq!(cycle.message(index), message, "{index}");
            assert_eq!(&payload(&cycle, index), message, "{index}");
        }
    }

    #[test]
    fn an_inflater_that_keeps_its_window_reads_the_frames_from_every_start_and_over_the_end() {
        let (messages, cycle) = cycle(true);
        for nth in 0..2 * STARTS {
            let mut inflate = Inflate::new(false, 15);
            for index in (0..cycle.len()).cycle().skip(cycle.start(nth)).take(100) {
                let mut input = payload(&cycle, index);
                input.extend(FLUSH_TAIL);
                let mut output = vec![0; 1000];
                let before = inflate.total_out();
                inflate
                    .decompress(&input, &mut output, InflateFlush::SyncFlush)
                    .unwrap();
                output.truncate((inflate.total_out() - before) as usize);
                assert_eq!(output, messages[index], "start {nth}, message {index}");
            }
        }
    }

    #[test]
    fn messages_refer_back() {
        let (_, cycle) = cycle(true);
        let (first, second) = (payload(&cycle, 0), payload(&cycle, 1));
        assert!(second.len() < first.len() * 3 / 4);
    }

    #[test]
    fn fewer_messages_than_starts_are_enough() {
        let cycle = Cycle::new(&[b"one", b"two"], TEXT, true).unwrap();
        for nth in 0..20 {
            assert!(cycle.start(nth) < cycle.len());
        }
    }

    #[test]
    fn compressed_random_bytes_fit_too() {
        let mut state = 1_u32;
        let message: Vec<u8> = (0..300_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let cycle = Cycle::new(&[&message], BINARY, true).unwrap();
        assert!(cycle.wire().len() > message.len());
    }

    #[test]
    fn data_without_messages_or_with_an_empty_one_is_refused() {
        assert!(matches!(
            Cycle::new(&[], TEXT, false),
            Err(BadData::NoMessages)
        ));
        assert!(matches!(
            Cycle::new(&[b"a", b""], TEXT, true),
            Err(BadData::EmptyMessage)
        ));
    }
}
