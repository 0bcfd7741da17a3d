//! The load of ordinary requests: GET on connections that stay open, one request at a time on each. Checks the status
//! and the body of every answer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::echo::{TICK, Tally, Until, wait};
use crate::fault::{Failure, Wrong};
use crate::socket::Socket;

const READ_BUFFER: usize = 4096;
/// The body of every answer. The servers have the same.
const BODY: [u8; 125] = [b'x'; 125];
const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";
const END_OF_HEADERS: &[u8] = b"\r\n\r\n";

pub(crate) struct Gets {
    poll: Poll,
    getters: Vec<Getter>,
    patience: Duration,
    request: Vec<u8>,
}

/// A connection.
struct Getter {
    socket: Socket,
    is_connected: bool,
    /// The number of requests that this connection may still send.
    quota: u64,
    /// The time of the request that has no answer yet.
    asked: Option<Instant>,
    answers: u64,
    received: Vec<u8>,
}

enum Error {
    Wrong(Wrong),
    Ended,
    Io(io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Gets {
    pub(crate) fn new(
        address: SocketAddr,
        count: usize,
        patience: Duration,
        tls: bool,
    ) -> Result<Self, Failure> {
        let poll = Poll::new().map_err(Failure::Poll)?;
        let mut getters = Vec::with_capacity(count);
        for index in 0..count {
            let mut socket = Socket::dial(address, tls).map_err(|source| Failure::Open {
                connection: index,
                source: source.into(),
            })?;
            let interests = Interest::READABLE | Interest::WRITABLE;
            poll.registry()
                .register(socket.tcp(), Token(index), interests)
                .map_err(Failure::Poll)?;
            getters.push(Getter {
                socket,
                is_connected: false,
                quota: 0,
                asked: None,
                answers: 0,
                received: Vec::new(),
            });
        }
        Ok(Self {
            poll,
            getters,
            patience,
            request: format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes(),
        })
    }

    /// Sends requests. Returns when every request has its answer.
    pub(crate) fn exchange(&mut self, until: Until) -> Result<Tally, Failure> {
        let begun = Instant::now();
        let (mut end, quota) = match until {
            Until::Elapsed(duration) => (Some(begun + duration), u64::MAX),
            Until::Sent(count) => (None, count),
        };
        let mut tally = Tally::new();
        let mut events = Events::with_capacity(1024);
        let mut checked_at = begun;
        for (index, getter) in self.getters.iter_mut().enumerate() {
            getter.quota = quota;
            let asked = getter.ask(&self.request);
            asked.map_err(|error| getter.failure(index, error))?;
        }
        while self.getters.iter().any(|getter| getter.asked.is_some()) {
            wait(&mut self.poll, &mut events)?;
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) {
                end = None;
                self.getters.iter_mut().for_each(|getter| getter.quota = 0);
            }
            for event in &events {
                let index = event.token().0;
                let getter = &mut self.getters[index];
                let served = getter.serve(&self.request, &mut tally);
                served.map_err(|error| getter.failure(index, error))?;
            }
            if now - checked_at >= TICK {
                checked_at = now;
                self.find_stalled(now)?;
            }
        }
        tally.elapsed = begun.elapsed();
        Ok(tally)
    }

    fn find_stalled(&self, now: Instant) -> Result<(), Failure> {
        let stalled = |getter: &Getter| {
            getter
                .asked
                .is_some_and(|asked| now.saturating_duration_since(asked) > self.patience)
        };
        match self.getters.iter().position(stalled) {
            None => Ok(()),
            Some(index) => Err(Failure::Stalled {
                connection: index,
                reply: self.getters[index].answers,
                seconds: self.patience.as_secs(),
            }),
        }
    }
}

impl Getter {
    /// Sends the next request, if there is one. A socket that is not connected sends it later.
    fn ask(&mut self, request: &[u8]) -> Result<(), Error> {
        if self.quota == 0 {
            return Ok(());
        }
        self.quota -= 1;
        self.asked = Some(Instant::now());
        if self.is_connected {
            self.socket.write_all(request)?;
        }
        Ok(())
    }

    /// Reads until the socket is empty, because it is polled for edges.
    fn serve(&mut self, request: &[u8], tally: &mut Tally) -> Result<(), Error> {
        if !self.is_connected {
            if !self.socket.is_connected()? {
                return Ok(());
            }
            self.socket.begin(request)?;
            self.is_connected = true;
        }
        let mut buffer = [0; READ_BUFFER];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return Err(Error::Ended),
                Ok(length) => self.received.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            }
            if !is_answer(&self.received).map_err(Error::Wrong)? {
                continue;
            }
            let asked = self.asked.take().ok_or(Error::Wrong(Wrong::Unasked))?;
            tally.latencies.record(asked.elapsed());
            tally.messages += 1;
            tally.compared += 1;
            self.answers += 1;
            self.received.clear();
            self.ask(request)?;
        }
    }

    fn failure(&self, index: usize, error: Error) -> Failure {
        let (connection, reply) = (index, self.answers);
        match error {
            Error::Wrong(wrong) => Failure::Wrong {
                connection,
                reply,
                wrong,
            },
            Error::Ended => Failure::Ended { connection, reply },
            Error::Io(source) => Failure::Io {
                connection,
                reply,
                source,
            },
        }
    }
}

/// Returns whether the bytes are the expected answer; false while it is incomplete.
fn is_answer(bytes: &[u8]) -> Result<bool, Wrong> {
    let wrong = || Wrong::Answer(String::from_utf8_lossy(bytes).into_owned());
    let Some(end) = bytes.windows(4).position(|four| four == END_OF_HEADERS) else {
        return Ok(false);
    };
    let body = &bytes[end + END_OF_HEADERS.len()..];
    let length = content_length(&bytes[..end]);
    if !bytes.starts_with(OK) || length != Some(BODY.len()) || !BODY.starts_with(body) {
        return Err(wrong());
    }
    Ok(body.len() == BODY.len())
}

fn content_length(headers: &[u8]) -> Option<usize> {
    let headers = str::from_utf8(headers).ok()?;
    let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"))?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
        let headers = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nDate: now\r\n\r\n");
        [headers.as_bytes(), body].concat()
    }

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        let whole = answer("200 OK", BODY.len(), &BODY);
        for end in 0..whole.len() {
            assert!(matches!(is_answer(&whole[..end]), Ok(false)), "{end}");
        }
        assert!(matches!(is_answer(&whole), Ok(true)));
    }

    #[test]
    fn another_status_length_or_body_is_refused() {
        let rows = [
            answer("404 Not Found", BODY.len(), &BODY),
            answer("200 OK", 1, b"x"),
            answer("200 OK", BODY.len(), b"xy"),
            answer("200 OK", BODY.len(), &[b'x'; 126]),
            b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        ];
        for row in rows {
            let found = is_answer(&row);
            assert!(matches!(found, Err(Wrong::Answer(_))), "{row:?}");
        }
    }
}
