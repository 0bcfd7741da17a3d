//! The load of new connections. The client opens several at a time, and closes each with a close frame in each
//! direction. The server then ends the connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::echo::{TICK, Tally, Until, wait};
use crate::fault::{Failure, Refused, Wrong};
use crate::frame::{CLOSE, FrameHeader, Parsed, append_masked};
use crate::handshake;
use crate::socket::Socket;

const READ_BUFFER: usize = 4096;
const KEY: [u8; 4] = [1, 2, 3, 4];
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

pub(crate) struct Doors {
    address: SocketAddr,
    poll: Poll,
    doors: Vec<Door>,
    patience: Duration,
    tls: bool,
    /// The number of connections begun so far.
    begun: usize,
    close_frame: Vec<u8>,
}

/// A place for one connection at a time.
struct Door {
    visit: Option<Visit>,
    /// The number of connections that this place may still begin.
    quota: u64,
}

struct Visit {
    number: usize,
    socket: Socket,
    begun: Instant,
    is_requested: bool,
    is_upgraded: bool,
    received: Vec<u8>,
}

enum Step {
    Waiting,
    Done,
}

enum Error {
    Refused(Refused),
    Wrong(Wrong),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl Doors {
    pub(crate) fn new(
        address: SocketAddr,
        count: usize,
        patience: Duration,
        tls: bool,
    ) -> Result<Self, Failure> {
        let mut close_frame = Vec::new();
        append_masked(&mut close_frame, CLOSE, false, KEY, &NORMAL);
        let closed = || Door {
            visit: None,
            quota: 0,
        };
        Ok(Self {
            address,
            poll: Poll::new().map_err(Failure::Poll)?,
            doors: std::iter::repeat_with(closed).take(count).collect(),
            patience,
            tls,
            begun: 0,
            close_frame,
        })
    }

    /// Opens connections. Returns when every connection has ended.
    pub(crate) fn exchange(&mut self, until: Until) -> Result<Tally, Failure> {
        let begun = Instant::now();
        let (mut end, quota) = match until {
            Until::Elapsed(duration) => (Some(begun + duration), u64::MAX),
            Until::Sent(count) => (None, count),
        };
        let mut tally = Tally::new();
        let mut events = Events::with_capacity(1024);
        let mut checked_at = begun;
        for index in 0..self.doors.len() {
            self.doors[index].quota = quota;
            self.open(index)?;
        }
        while self.doors.iter().any(|door| door.visit.is_some()) {
            wait(&mut self.poll, &mut events)?;
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) {
                end = None;
                self.doors.iter_mut().for_each(|door| door.quota = 0);
            }
            for event in &events {
                self.serve(event.token().0, &mut tally)?;
            }
            if now - checked_at >= TICK {
                checked_at = now;
                self.find_stalled(now)?;
            }
        }
        tally.elapsed = begun.elapsed();
        Ok(tally)
    }

    fn open(&mut self, index: usize) -> Result<(), Failure> {
        let door = &mut self.doors[index];
        door.visit = None;
        if door.quota == 0 {
            return Ok(());
        }
        door.quota -= 1;
        let number = self.begun;
        self.begun += 1;
        let failure = |source: io::Error| Failure::Open {
            connection: number,
            source: source.into(),
        };
        let mut socket = Socket::dial(self.address, self.tls).map_err(failure)?;
        let interests = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(socket.tcp(), Token(index), interests)
            .map_err(Failure::Poll)?;
        door.visit = Some(Visit {
            number,
            socket,
            begun: Instant::now(),
            is_requested: false,
            is_upgraded: false,
            received: Vec::new(),
        });
        Ok(())
    }

    /// Handles an event of a place. Ignores the kind of the event, which may belong to the previous connection of the
    /// place.
    fn serve(&mut self, index: usize, tally: &mut Tally) -> Result<(), Failure> {
        let Some(visit) = &mut self.doors[index].visit else {
            return Ok(());
        };
        match visit.serve(self.address, &self.close_frame) {
            Ok(Step::Waiting) => Ok(()),
            Ok(Step::Done) => {
                tally.latencies.record(visit.begun.elapsed());
                tally.messages += 1;
                self.open(index)
            }
            Err(Error::Refused(source)) => Err(Failure::Open {
                connection: visit.number,
                source,
            }),
            Err(Error::Wrong(wrong)) => Err(Failure::Wrong {
                connection: visit.number,
                reply: 0,
                wrong,
            }),
        }
    }

    fn find_stalled(&self, now: Instant) -> Result<(), Failure> {
        let mut visits = self.doors.iter().filter_map(|door| door.visit.as_ref());
        let stalled =
            visits.find(|visit| now.saturating_duration_since(visit.begun) > self.patience);
        match stalled {
            None => Ok(()),
            Some(visit) => Err(Failure::Stalled {
                connection: visit.number,
                reply: 0,
                seconds: self.patience.as_secs(),
            }),
        }
    }
}

impl Visit {
    fn serve(&mut self, address: SocketAddr, close_frame: &[u8]) -> Result<Step, Error> {
        if !self.is_requested {
            if !self.socket.is_connected()? {
                return Ok(Step::Waiting);
            }
            let request = handshake::request(address, self.number, false);
            self.socket.begin(request.as_bytes())?;
            self.is_requested = true;
        }
        let mut buffer = [0; READ_BUFFER];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) if !self.is_upgraded => return Err(Error::Refused(Refused::Ended)),
                Ok(0) if self.received.is_empty() => return Err(Error::Wrong(Wrong::NoCloseFrame)),
                Ok(0) => return self.judge_farewell().map(|()| Step::Done),
                Ok(length) => self.received.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Step::Waiting),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
            if !self.is_upgraded {
                let end = self
                    .received
                    .windows(4)
                    .position(|four| four == b"\r\n\r\n");
                if let Some(end) = end {
                    let answer = String::from_utf8_lossy(&self.received[..end + 4]);
                    handshake::judge(&answer, false).map_err(Error::Refused)?;
                    self.received.drain(..end + 4);
                    self.is_upgraded = true;
                    // A new socket accepts a few bytes at once.
                    self.socket.write_all(close_frame)?;
                }
            }
        }
    }

    fn judge_farewell(&self) -> Result<(), Error> {
        match FrameHeader::parse(&self.received) {
            Parsed::Header(header)
                if header.opcode == CLOSE && self.received[2..].starts_with(&NORMAL) =>
            {
                Ok(())
            }
            _ => Err(Error::Wrong(Wrong::NoCloseFrame)),
        }
    }
}
