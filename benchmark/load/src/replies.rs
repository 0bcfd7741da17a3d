//! The stream of a server on one connection, compared byte by byte with the messages sent, in order.
//!
//! Knows the cycle of messages and frames, but no sockets and no time. Inflating is most of the work, so a connection
//! can stop inflating. It then counts compressed replies and checks only their frames. It always compares uncompressed
//! replies.

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::cycle::{Cycle, FLUSH_TAIL};
use crate::fault::Wrong;
use crate::frame::{CLOSE, CONTINUATION, FrameHeader, LONGEST_HEADER, Parsed};

const WINDOW_BITS: u8 = 15;
const CODE_MISSING: u16 = 1005;

/// The result of one call of `Replies::take`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The number of complete replies.
    pub(crate) replies: usize,
    /// The length of their payload on the wire, and of the part of an incomplete reply.
    pub(crate) wire_bytes: u64,
    /// The length of the messages whose replies are complete.
    pub(crate) plain_bytes: u64,
    /// The number of complete replies of which every byte was compared.
    pub(crate) compared: usize,
}

/// The position in the stream of one connection.
pub(crate) struct Replies {
    /// The message whose reply is expected.
    next: usize,
    place: Place,
    reply: Option<Reply>,
    /// None if the connection does not inflate compressed replies.
    inflate: Option<Box<Inflate>>,
}

enum Place {
    Header {
        bytes: [u8; LONGEST_HEADER],
        length: usize,
        /// The length of the header, as far as it is known.
        needs: usize,
    },
    Payload {
        header: FrameHeader,
        left: u64,
    },
    /// The payload of a close frame, which is short.
    Close {
        payload: Vec<u8>,
        left: u64,
    },
}

const BEFORE_HEADER: Place = Place::Header {
    bytes: [0; LONGEST_HEADER],
    length: 0,
    needs: 2,
};

/// A reply of which at least one header has been received.
#[derive(Clone, Copy)]
struct Reply {
    compressed: bool,
    /// The number of compared bytes.
    compared: u64,
}

impl Replies {
    /// Creates an inflater only if replies can be compressed, because it takes 40 KB.
    pub(crate) fn new(first: usize, deflate: bool) -> Self {
        Self {
            next: first,
            place: BEFORE_HEADER,
            reply: None,
            inflate: deflate.then(|| Box::new(Inflate::new(false, WINDOW_BITS))),
        }
    }

    /// Stops inflating for good: an inflater must see every byte.
    pub(crate) fn stop_inflating(&mut self) {
        self.inflate = None;
    }

    /// Reads received bytes. Replies are inflated into `scratch`, whose content does not matter.
    pub(crate) fn take(
        &mut self,
        mut arrived: &[u8],
        cycle: &Cycle,
        scratch: &mut [u8],
    ) -> Result<Taken, Wrong> {
        let mut taken = Taken::default();
        while !arrived.is_empty() {
            match &mut self.place {
                Place::Header {
                    bytes,
                    length,
                    needs,
                } => {
                    let (part, later) = arrived.split_at(arrived.len().min(*needs - *length));
                    bytes[*length..][..part.len()].copy_from_slice(part);
                    *length += part.len();
                    arrived = later;
                    match FrameHeader::parse(&bytes[..*length]) {
                        Parsed::Needs(more) => *needs = more,
                        Parsed::Illegal => return Err(Wrong::IllegalFrame),
                        Parsed::Header(header) => self.enter(header, cycle)?,
                    }
                }
                Place::Payload { header, left } => {
                    let (part, later) = split(arrived, left);
                    arrived = later;
                    if !header.is_control() {
                        taken.wire_bytes += part.len() as u64;
                        self.check(part, cycle, scratch)?;
                    }
                }
                Place::Close { payload, left } => {
                    let (part, later) = split(arrived, left);
                    payload.extend_from_slice(part);
                    arrived = later;
                }
            }
            self.leave(cycle, scratch, &mut taken)?;
        }
        Ok(taken)
    }

    /// Handles a complete header.
    fn enter(&mut self, header: FrameHeader, cycle: &Cycle) -> Result<(), Wrong> {
        self.place = Place::Payload {
            header,
            left: header.length,
        };
        if header.is_control() {
            if header.length > 125 || !header.fin {
                return Err(Wrong::IllegalFrame);
            }
            if header.opcode == CLOSE {
                self.place = Place::Close {
                    payload: Vec::new(),
                    left: header.length,
                };
            }
            return Ok(());
        }
        match (&self.reply, header.opcode) {
            (Some(_), CONTINUATION) if !header.rsv1 => Ok(()),
            (None, CONTINUATION) | (Some(_), _) => Err(Wrong::Continuation),
            (None, found) if found != cycle.opcode() => Err(Wrong::Opcode {
                found,
                sent: cycle.opcode(),
            }),
            (None, _) if header.rsv1 && !cycle.deflate() => Err(Wrong::Compressed),
            (None, _) => {
                self.reply = Some(Reply {
                    compressed: header.rsv1,
                    compared: 0,
                });
                Ok(())
            }
        }
    }

    /// Handles a part of the payload of the current reply.
    fn check(&mut self, payload: &[u8], cycle: &Cycle, scratch: &mut [u8]) -> Result<(), Wrong> {
        let Some(reply) = &mut self.reply else {
            return Ok(());
        };
        let message = cycle.message(self.next);
        match &mut self.inflate {
            _ if !reply.compressed => reply.compare(payload, message),
            Some(inflate) => reply.inflate(inflate, payload, message, scratch),
            None => Ok(()),
        }
    }

    /// Ends a frame, and perhaps a reply, whose last byte has been received.
    fn leave(&mut self, cycle: &Cycle, scratch: &mut [u8], taken: &mut Taken) -> Result<(), Wrong> {
        let header = match &self.place {
            Place::Payload { header, left: 0 } => *header,
            Place::Close { payload, left: 0 } => {
                let code = payload.first_chunk().copied().map(u16::from_be_bytes);
                return Err(Wrong::Closed(code.unwrap_or(CODE_MISSING)));
            }
            Place::Header { .. } | Place::Payload { .. } | Place::Close { .. } => return Ok(()),
        };
        self.place = BEFORE_HEADER;
        if header.is_control() || !header.fin {
            return Ok(());
        }
        if self.reply.is_some_and(|reply| reply.compressed) {
            self.check(&FLUSH_TAIL, cycle, scratch)?;
        }
        let message = cycle.message(self.next);
        if let Some(reply) = self.reply
            && (self.inflate.is_some() || !reply.compressed)
        {
            let (found, sent) = (reply.compared, message.len());
            if found != sent as u64 {
                return Err(Wrong::Length { found, sent });
            }
            taken.compared += 1;
        }
        self.reply = None;
        self.next = (self.next + 1) % cycle.len();
        taken.replies += 1;
        taken.plain_bytes += message.len() as u64;
        Ok(())
    }
}

/// Splits bytes into the rest of a payload, of which `left` bytes are missing, and the bytes after it.
fn split<'a>(arrived: &'a [u8], left: &mut u64) -> (&'a [u8], &'a [u8]) {
    let length = usize::try_from(*left).map_or(arrived.len(), |left| left.min(arrived.len()));
    *left -= length as u64;
    arrived.split_at(length)
}

impl Reply {
    fn compare(&mut self, bytes: &[u8], message: &[u8]) -> Result<(), Wrong> {
        let begin = self.compared as usize;
        let expected = message.get(begin..).unwrap_or_default();
        let shared = bytes.len().min(expected.len());
        if bytes[..shared] != expected[..shared] {
            let pairs = bytes.iter().zip(expected);
            let same = pairs
                .take_while(|(byte, expected)| byte == expected)
                .count();
            return Err(Wrong::Byte(begin + same));
        }
        self.compared += bytes.len() as u64;
        Ok(())
    }

    fn inflate(
        &mut self,
        inflate: &mut Inflate,
        mut input: &[u8],
        message: &[u8],
        scratch: &mut [u8],
    ) -> Result<(), Wrong> {
        loop {
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let status = inflate
                .decompress(input, scratch, InflateFlush::SyncFlush)
                .map_err(|error| Wrong::Inflate(error.as_str()))?;
            let written = (inflate.total_out() - written) as usize;
            input = &input[(inflate.total_in() - read) as usize..];
            self.compare(&scratch[..written], message)?;
            match status {
                Status::StreamEnd => return Err(Wrong::Inflate("its stream has an end")),
                // More output follows only if there was no room for it.
                Status::Ok | Status::BufError if written == scratch.len() => {}
                Status::Ok | Status::BufError if input.is_empty() => return Ok(()),
                Status::Ok => {}
                Status::BufError => return Err(Wrong::Inflate("no progress")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use zlib_rs::{Deflate, DeflateFlush};

    use super::*;
    use crate::frame::{BINARY, TEXT};

    const FIN: u8 = 0x80;
    const RSV1: u8 = 0x40;

    fn messages() -> Vec<Vec<u8>> {
        (0..30_u32)
            .map(|index| {
                let item = format!("{{\"id\":{index},\"name\":\"item {}\"}},", index * 7919);
                item.repeat(1 + index as usize * 3).into_bytes()
            })
            .collect()
    }

    fn cycle(deflate: bool) -> Cycle {
        let messages = messages();
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        Cycle::new(&slices, TEXT, deflate).unwrap()
    }

    /// Returns the frame of a server.
    #[derive(Default)]
    struct Server {
        wire: Vec<u8>,
    }

    impl Server {
        fn frame(mut self, first: u8, payload: &[u8]) -> Self {
            self.wire.push(first);
            if payload.len() < 126 {
                self.wire.push(payload.len() as u8);
            } else {
                self.wire.push(126);
                self.wire.extend((payload.len() as u16).to_be_bytes());
            }
            self.wire.extend(payload);
            self
        }

        fn plain_echo(self, cycle: &Cycle, count: usize) -> Self {
            (0..count).fold(self, |server, index| {
                server.frame(FIN | TEXT, cycle.message(index % cycle.len()))
            })
        }

        /// Returns a payload, compressed with context takeover.
        fn deflated_echo(self, cycle: &Cycle, count: usize) -> Self {
            let mut deflate = Deflate::new(6, false, 15);
            (0..count).fold(self, |server, index| {
                let mut output = vec![0; 65_536];
                let before = deflate.total_out();
                let message = cycle.message(index % cycle.len());
                deflate
                    .compress(message, &mut output, DeflateFlush::SyncFlush)
                    .unwrap();
                let length = (deflate.total_out() - before) as usize;
                server.frame(FIN | RSV1 | TEXT, &output[..length - FLUSH_TAIL.len()])
            })
        }

        /// Returns the result for a stream in pieces of `size`.
        fn checked(
            &self,
            replies: &mut Replies,
            cycle: &Cycle,
            size: usize,
        ) -> Result<Taken, Wrong> {
            let mut sum = Taken::default();
            for piece in self.wire.chunks(size) {
                let taken = replies.take(piece, cycle, &mut [0; 100])?;
                sum.replies += taken.replies;
                sum.wire_bytes += taken.wire_bytes;
                sum.plain_bytes += taken.plain_bytes;
                sum.compared += taken.compared;
            }
            Ok(sum)
        }
    }

    #[test]
    fn an_echo_passes_in_pieces_of_any_size() {
        let count = 70;
        for deflate in [false, true] {
            let cycle = cycle(deflate);
            let server = match deflate {
                false => Server::default().plain_echo(&cycle, count),
                true => Server::default().deflated_echo(&cycle, count),
            };
            let plain_bytes: usize = (0..count)
                .map(|index| cycle.message(index % cycle.len()).len())
                .sum();
            for size in [1, 2, 3, 7, 100, 1 << 20] {
                let mut replies = Replies::new(0, true);
                let taken = server.checked(&mut replies, &cycle, size).unwrap();
                assert_eq!(taken.replies, count, "{deflate}, {size}");
                assert_eq!(taken.compared, count, "{deflate}, {size}");
                assert_eq!(taken.plain_bytes, plain_bytes as u64, "{deflate}, {size}");
                assert_eq!(taken.wire_bytes < taken.plain_bytes, deflate, "{size}");
            }
        }
    }

    #[test]
    fn fragments_and_control_frames_between_them_pass() {
        let cycle = cycle(true);
        let message = cycle.message(0);
        let server = Server::default()
            .frame(0x80 | 0x9, b"ping")
            .frame(TEXT, &message[..5])
            .frame(0x80 | 0xa, b"")
            .frame(CONTINUATION, b"")
            .frame(FIN | CONTINUATION, &message[5..]);
        let taken = server
            .checked(&mut Replies::new(0, true), &cycle, 1000)
            .unwrap();
        assert_eq!(taken.replies, 1);
    }

    #[test]
    fn one_wrong_byte_is_reported_at_its_position() {
        let cycle = cycle(false);
        let mut server = Server::default().plain_echo(&cycle, 1);
        let position = server.wire.len() - 3;
        server.wire[position] ^= 1;
        let found = server.checked(&mut Replies::new(0, true), &cycle, 4);
        assert_eq!(found, Err(Wrong::Byte(position - 2)));
    }

    #[test]
    fn a_compressed_reply_to_another_message_is_detected() {
        let cycle = cycle(true);
        let server = Server::default().deflated_echo(&cycle, 1);
        let found = server.checked(&mut Replies::new(1, true), &cycle, 1000);
        assert!(matches!(found, Err(Wrong::Byte(_))), "{found:?}");
    }

    #[test]
    fn replies_that_are_not_the_echo_are_detected() {
        let cycle = cycle(false);
        let message = cycle.message(0);
        let sent = message.len();
        let longer = [message, b"!"].concat();
        let server = Server::default;
        let rows = [
            (
                "cut off",
                server().frame(FIN | TEXT, &message[1..]),
                Wrong::Byte(0),
            ),
            (
                "too short",
                server().frame(FIN | TEXT, &message[..sent - 1]),
                Wrong::Length {
                    found: sent as u64 - 1,
                    sent,
                },
            ),
            (
                "too long",
                server().frame(FIN | TEXT, &longer),
                Wrong::Length {
                    found: sent as u64 + 1,
                    sent,
                },
            ),
            (
                "binary",
                server().frame(FIN | BINARY, message),
                Wrong::Opcode {
                    found: BINARY,
                    sent: TEXT,
                },
            ),
            (
                "compressed",
                server().frame(FIN | RSV1 | TEXT, message),
                Wrong::Compressed,
            ),
            (
                "continuation",
                server().frame(FIN, message),
                Wrong::Continuation,
            ),
            (
                "message in a message",
                server()
                    .frame(TEXT, &message[..1])
                    .frame(TEXT, &message[1..]),
                Wrong::Continuation,
            ),
            (
                "close",
                server().frame(0x88, &[0x03, 0xf1, b'x']),
                Wrong::Closed(1009),
            ),
            (
                "close without code",
                server().frame(0x88, &[]),
                Wrong::Closed(1005),
            ),
            (
                "reserved bit",
                server().frame(0xa1, &[]),
                Wrong::IllegalFrame,
            ),
            (
                "fragmented ping",
                server().frame(0x09, &[]),
                Wrong::IllegalFrame,
            ),
        ];
        for (name, server, expected) in rows {
            for size in [1, 1000] {
                let found = server.checked(&mut Replies::new(0, true), &cycle, size);
                assert_eq!(found, Err(expected.clone()), "{name}, {size}");
            }
        }
    }

    #[test]
    fn replies_that_cannot_be_inflated_are_detected() {
        let cycle = cycle(true);
        let rows: [(&[u8], Wrong); 3] = [
            (&[0x07], Wrong::Inflate("invalid block type")),
            // A final block with one byte.
            (&[0x7b, 0x01, 0x00], Wrong::Inflate("its stream has an end")),
            (
                &[0x00],
                Wrong::Length {
                    found: 0,
                    sent: cycle.message(0).len(),
                },
            ),
        ];
        for (payload, expected) in rows {
            let server = Server::default().frame(FIN | RSV1 | TEXT, payload);
            let mut replies = Replies::new(0, true);
            let found = server.checked(&mut replies, &cycle, 1000);
            match (&expected, &found) {
                (Wrong::Inflate(_), Err(Wrong::Inflate(_) | Wrong::Byte(0))) => {}
                _ => assert_eq!(found, Err(expected), "{payload:02x?}"),
            }
        }
    }

    #[test]
    fn compressed_replies_are_counted_without_inflating() {
        let cycle = cycle(true);
        let server = Server::default().deflated_echo(&cycle, 50);
        let mut replies = Replies::new(0, true);
        replies.stop_inflating();
        let taken = server.checked(&mut replies, &cycle, 1000).unwrap();
        assert_eq!((taken.replies, taken.compared), (50, 0));
    }

    #[test]
    fn replies_that_are_not_compressed_are_always_compared() {
        let cycle = cycle(true);
        let mut server = Server::default().plain_echo(&cycle, 50);
        let stopped = || {
            let mut replies = Replies::new(0, true);
            replies.stop_inflating();
            replies
        };
        let taken = server.checked(&mut stopped(), &cycle, 1000).unwrap();
        assert_eq!((taken.replies, taken.compared), (50, 50));
        *server.wire.last_mut().unwrap() ^= 1;
        let found = server.checked(&mut stopped(), &cycle, 1000);
        assert!(matches!(found, Err(Wrong::Byte(_))), "{found:?}");
    }
}
