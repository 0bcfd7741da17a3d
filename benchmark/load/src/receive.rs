//! The one-way load: every connection sends as much as its socket accepts, and the server confirms the number of
//! received messages.
//!
//! Sends a multiple of a thousand messages, because the server confirms a thousand at a time. After the last
//! confirmation, no message is in flight.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::connection::{Error, Outgoing};
use crate::cycle::Cycle;
use crate::echo::{TICK, Tally, Until, wait};
use crate::fault::{Failure, Wrong};
use crate::frame::{FrameHeader, Parsed, TEXT};
use crate::handshake;
use crate::socket::Socket;

/// The number of messages that one confirmation covers. The servers have the same number.
const CONFIRMED: usize = 1000;
/// The maximum number of unconfirmed thousands: enough that the socket is never empty, and few enough that a
/// measurement ends soon.
const AHEAD: usize = 4;
/// The size of the read buffer. Confirmations are short.
const READ_BUFFER: usize = 4096;

pub(crate) struct Flood<'a> {
    cycle: &'a Cycle,
    poll: Poll,
    streams: Vec<Stream>,
    patience: Duration,
}

struct Stream {
    socket: Socket,
    outgoing: Outgoing,
    confirmations: Confirmations,
    /// The start times of the unconfirmed thousands, the oldest first.
    sent: VecDeque<Instant>,
}

impl<'a> Flood<'a> {
    pub(crate) fn open(
        cycle: &'a Cycle,
        address: SocketAddr,
        connections: usize,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let poll = Poll::new().map_err(Failure::Poll)?;
        let mut streams = Vec::with_capacity(connections);
        for index in 0..connections {
            let mut socket =
                handshake::open(address, index, false, false).map_err(|source| Failure::Open {
                    connection: index,
                    source,
                })?;
            let interests = Interest::READABLE | Interest::WRITABLE;
            poll.registry()
                .register(socket.tcp(), Token(index), interests)
                .map_err(Failure::Poll)?;
            streams.push(Stream {
                socket,
                outgoing: Outgoing::new(cycle.start(index), cycle),
                confirmations: Confirmations::default(),
                sent: VecDeque::new(),
            });
        }
        Ok(Self {
            cycle,
            poll,
            streams,
            patience,
        })
    }

    /// Sends messages. Returns when the server has confirmed all of them. Rounds a number of messages up to thousands.
    pub(crate) fn exchange(&mut self, until: Until) -> Result<Tally, Failure> {
        let begun = Instant::now();
        let (mut end, quota) = match until {
            Until::Elapsed(duration) => (Some(begun + duration), u64::MAX),
            Until::Sent(count) => (None, count.div_ceil(CONFIRMED as u64)),
        };
        let mut quotas = vec![quota; self.streams.len()];
        let mut tally = Tally::new();
        let mut events = Events::with_capacity(1024);
        let mut checked_at = begun;
        for (index, quota) in quotas.iter_mut().enumerate() {
            self.serve(index, quota, &mut tally)?;
        }
        while self.streams.iter().any(|stream| !stream.sent.is_empty()) {
            wait(&mut self.poll, &mut events)?;
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) {
                end = None;
                quotas.fill(0);
            }
            for event in &events {
                let index = event.token().0;
                self.serve(index, &mut quotas[index], &mut tally)?;
            }
            if now - checked_at >= TICK {
                checked_at = now;
                self.find_stalled(now)?;
            }
        }
        tally.elapsed = begun.elapsed();
        Ok(tally)
    }

    fn serve(&mut self, index: usize, quota: &mut u64, tally: &mut Tally) -> Result<(), Failure> {
        let stream = &mut self.streams[index];
        stream
            .serve(self.cycle, quota, tally)
            .map_err(|error| match error {
                None => Failure::Ended {
                    connection: index,
                    reply: stream.confirmations.count,
                },
                Some(Error::Wrong(wrong)) => Failure::Wrong {
                    connection: index,
                    reply: stream.confirmations.count,
                    wrong,
                },
                Some(Error::Io(source)) => Failure::Io {
                    connection: index,
                    reply: stream.confirmations.count,
                    source,
                },
            })
    }

    fn find_stalled(&self, now: Instant) -> Result<(), Failure> {
        let is_stalled = |stream: &Stream| {
            let oldest = stream.sent.front();
            oldest.is_some_and(|sent| now.saturating_duration_since(*sent) > self.patience)
        };
        match self.streams.iter().position(is_stalled) {
            None => Ok(()),
            Some(index) => Err(Failure::Stalled {
                connection: index,
                reply: self.streams[index].confirmations.count,
                seconds: self.patience.as_secs(),
            }),
        }
    }
}

impl Stream {
    /// Reads and writes as much as the socket allows. The error is `None` if the server has ended the connection.
    fn serve(
        &mut self,
        cycle: &Cycle,
        quota: &mut u64,
        tally: &mut Tally,
    ) -> Result<(), Option<Error>> {
        let mut buffer = [0; READ_BUFFER];
        loop {
            let length = match self.socket.read(&mut buffer) {
                Ok(0) => return Err(None),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Some(Error::Io(error))),
            };
            let taken = self.confirmations.take(&buffer[..length]);
            for _ in 0..taken.map_err(|wrong| Some(Error::Wrong(wrong)))? {
                let sent = self.sent.pop_front();
                let sent = sent.ok_or(Some(Error::Wrong(Wrong::Unasked)))?;
                tally.latencies.record(sent.elapsed());
                tally.messages += CONFIRMED as u64;
            }
            if length < buffer.len() {
                break;
            }
        }
        while self.sent.len() < AHEAD && *quota > 0 {
            *quota -= 1;
            self.sent.push_back(Instant::now());
            self.outgoing.allow(CONFIRMED);
        }
        let written = self.outgoing.write(&mut self.socket, cycle);
        written.map_err(|error| Some(Error::Io(error)))
    }
}

/// Reads confirmations: text messages, each with the number of messages received so far.
#[derive(Default)]
struct Confirmations {
    partial: Vec<u8>,
    count: u64,
}

impl Confirmations {
    /// Returns the number of messages received.
    fn take(&mut self, arrived: &[u8]) -> Result<usize, Wrong> {
        self.partial.extend_from_slice(arrived);
        let mut taken = 0;
        loop {
            let header = match FrameHeader::parse(&self.partial) {
                Parsed::Header(header) => header,
                Parsed::Needs(_) => return Ok(taken),
                Parsed::Illegal => return Err(Wrong::IllegalFrame),
            };
            if !header.fin || header.rsv1 || header.opcode != TEXT || header.length > 125 {
                return Err(Wrong::Opcode {
                    found: header.opcode,
                    sent: TEXT,
                });
            }
            let end = 2 + header.length as usize;
            let Some(payload) = self.partial.get(2..end) else {
                return Ok(taken);
            };
            let expected = (self.count + 1) * CONFIRMED as u64;
            if payload != expected.to_string().as_bytes() {
                let text = String::from_utf8_lossy(payload).into_owned();
                return Err(Wrong::Confirmation(text));
            }
            self.count += 1;
            self.partial.drain(..end);
            taken += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmations_are_counted_in_pieces_of_any_size() {
        let wire = b"\x81\x041000\x81\x042000\x81\x043000";
        for size in 1..=wire.len() {
            let mut confirmations = Confirmations::default();
            let taken = wire
                .chunks(size)
                .map(|chunk| confirmations.take(chunk).unwrap());
            assert_eq!(taken.sum::<usize>(), 3, "{size}");
        }
    }

    #[test]
    fn lost_and_invented_messages_are_detected() {
        for wire in [
            &b"\x81\x042000"[..],
            b"\x81\x03999",
            b"\x81\x041000\x81\x041000",
            b"\x82\x041000",
            b"\x01\x041000",
            b"\x88\x02\x03\xe8",
        ] {
            assert!(Confirmations::default().take(wire).is_err(), "{wire:02x?}");
        }
    }
}
