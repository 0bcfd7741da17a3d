//! One connection at work: the messages sent, the replies expected, and the times of both.
//!
//! Does not know the load: `echo.rs` determines the number of messages to send.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use crate::cycle::Cycle;
use crate::fault::Wrong;
use crate::replies::{Replies, Taken};
use crate::socket::Socket;

pub(crate) struct Connection {
    socket: Socket,
    outgoing: Outgoing,
    replies: Replies,
    /// The times at which unanswered messages were sent, the oldest first.
    sent: VecDeque<Instant>,
    /// The number of replies since the connection was opened.
    answered: u64,
}

/// The result of reading the socket once.
pub(crate) enum Arrival {
    Replies(Taken),
    Nothing,
    End,
}

#[derive(Debug)]
pub(crate) enum Error {
    Io(io::Error),
    Wrong(Wrong),
}

impl Connection {
    pub(crate) fn new(socket: Socket, first: usize, cycle: &Cycle) -> Self {
        Self {
            socket,
            outgoing: Outgoing::new(first, cycle),
            replies: Replies::new(first, cycle.deflate()),
            sent: VecDeque::new(),
            answered: 0,
        }
    }

    pub(crate) fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    pub(crate) fn replies(&mut self) -> &mut Replies {
        &mut self.replies
    }

    pub(crate) fn answered(&self) -> u64 {
        self.answered
    }

    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.sent.front().copied()
    }

    /// Expects `count` messages that another connection sends.
    pub(crate) fn expect(&mut self, count: usize, now: Instant) {
        self.sent.extend(std::iter::repeat_n(now, count));
    }

    /// Sends the next `count` messages, or as many bytes as the socket accepts; `flush` sends the rest.
    pub(crate) fn send(&mut self, count: usize, cycle: &Cycle, now: Instant) -> Result<(), Error> {
        self.expect(count, now);
        self.outgoing.allow(count);
        self.flush(cycle)
    }

    pub(crate) fn flush(&mut self, cycle: &Cycle) -> Result<(), Error> {
        self.outgoing
            .write(&mut self.socket, cycle)
            .and_then(|()| self.socket.push())
            .map_err(Error::Io)
    }

    /// Reads once, and adds the time of each reply to `waited`. A read that does not fill `buffer` has emptied the
    /// socket.
    pub(crate) fn receive(
        &mut self,
        cycle: &Cycle,
        buffer: &mut [u8],
        scratch: &mut [u8],
        mut waited: impl FnMut(Duration),
    ) -> Result<(Arrival, bool), Error> {
        let length = match self.socket.read(buffer) {
            Ok(0) => return Ok((Arrival::End, true)),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Ok((Arrival::Nothing, true));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                return Ok((Arrival::Nothing, false));
            }
            Err(error) => return Err(Error::Io(error)),
        };
        let now = Instant::now();
        let taken = self
            .replies
            .take(&buffer[..length], cycle, scratch)
            .map_err(Error::Wrong)?;
        for _ in 0..taken.replies {
            let sent = self.sent.pop_front().ok_or(Error::Wrong(Wrong::Unasked))?;
            waited(now - sent);
        }
        self.answered += taken.replies as u64;
        let is_emptied = self.socket.is_emptied(length, buffer.len());
        Ok((Arrival::Replies(taken), is_emptied))
    }
}

/// The position of a connection in the cycle of frames. Frames are written without a copy.
pub(crate) struct Outgoing {
    /// The next byte to write.
    at: usize,
    /// The end of the bytes that may be written before the cycle ends.
    end: usize,
    /// The first message after that end.
    next: usize,
    /// The number of messages that may be sent after that end.
    owed: usize,
}

impl Outgoing {
    pub(crate) fn new(first: usize, cycle: &Cycle) -> Self {
        let at = cycle.frame_begin(first);
        Self {
            at,
            end: at,
            next: first,
            owed: 0,
        }
    }

    pub(crate) fn allow(&mut self, count: usize) {
        self.owed += count;
    }

    pub(crate) fn write(&mut self, socket: &mut impl Write, cycle: &Cycle) -> io::Result<()> {
        loop {
            if self.at == self.end && !self.advance(cycle) {
                return Ok(());
            }
            match socket.write(&cycle.wire()[self.at..self.end]) {
                Ok(length) => self.at += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Adds as many of the owed messages as are contiguous. Returns false if there are none.
    fn advance(&mut self, cycle: &Cycle) -> bool {
        if self.owed == 0 {
            return false;
        }
        if self.next == cycle.len() {
            (self.at, self.next) = (0, 0);
        }
        let count = self.owed.min(cycle.len() - self.next);
        self.next += count;
        self.owed -= count;
        self.end = cycle.frame_begin(self.next);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::TEXT;

    /// Writes `room` bytes, a few at a time.
    struct Narrow {
        taken: Vec<u8>,
        room: usize,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let length = bytes.len().min(self.room).min(5);
            if length == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.taken.extend_from_slice(&bytes[..length]);
            self.room -= length;
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn frames_are_written_whole_and_in_order_even_to_a_slow_socket() {
        let cycle = Cycle::new(&[b"one", b"three", b"seventeen"], TEXT, false).unwrap();
        let wire = cycle.wire();
        let second = cycle.frame_begin(1);
        let mut expected = wire[second..].to_vec();
        expected.extend_from_slice(wire);
        expected.extend_from_slice(&wire[..second]);

        let mut outgoing = Outgoing::new(1, &cycle);
        let mut socket = Narrow {
            taken: Vec::new(),
            room: 0,
        };
        // Six messages from the second on: to the end, once around, and one more.
        for count in [1, 0, 3, 0, 2] {
            outgoing.allow(count);
            socket.room += 12;
            outgoing.write(&mut socket, &cycle).unwrap();
        }
        socket.room = usize::MAX;
        outgoing.write(&mut socket, &cycle).unwrap();
        assert_eq!(socket.taken, expected);
        outgoing.write(&mut socket, &cycle).unwrap();
        assert_eq!(socket.taken, expected);
    }
}
