//! Loads that check every received message. Echo: every connection keeps a number of messages in flight until it must
//! stop. Broadcast: the first connection sends, and all receive. Silence.
//!
//! One thread, one poller. Knows time and sockets. `cycle.rs` and `replies.rs` know the messages and the replies.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::connection::{Arrival, Connection, Error};
use crate::cycle::Cycle;
use crate::fault::Failure;
use crate::handshake;
use crate::latency::Latencies;

const READ_BUFFER: usize = 256 * 1024;
const SCRATCH: usize = 64 * 1024;
/// The interval between two searches for stalled connections.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// Waits for events, not much longer than `TICK`.
pub(crate) fn wait(poll: &mut Poll, events: &mut Events) -> Result<(), Failure> {
    loop {
        match poll.poll(events, Some(TICK)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map_err(Failure::Poll),
        }
    }
}

/// The time at which the connections stop sending.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    Elapsed(Duration),
    /// The number of messages that every connection sends.
    Sent(u64),
}

/// The result of an exchange of messages.
pub(crate) struct Tally {
    pub(crate) messages: u64,
    pub(crate) wire_bytes: u64,
    pub(crate) plain_bytes: u64,
    /// The number of replies of which every byte was compared.
    pub(crate) compared: u64,
    pub(crate) latencies: Latencies,
    /// The time from the first message to the last reply.
    pub(crate) elapsed: Duration,
}

/// The senders and the receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    Echo,
    /// The next messages are sent after all connections have received the last ones.
    Broadcast,
    Silence,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            messages: 0,
            wire_bytes: 0,
            plain_bytes: 0,
            compared: 0,
            latencies: Latencies::new(),
            elapsed: Duration::ZERO,
        }
    }
}

pub(crate) struct Load<'a> {
    pattern: Pattern,
    cycle: &'a Cycle,
    poll: Poll,
    connections: Vec<Connection>,
    in_flight: usize,
    patience: Duration,
    tls: bool,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
}

impl<'a> Load<'a> {
    /// Opens the connections. They are silent, and will inflate every compressed reply.
    pub(crate) fn open(
        pattern: Pattern,
        cycle: &'a Cycle,
        address: SocketAddr,
        connections: usize,
        in_flight: usize,
        patience: Duration,
        tls: bool,
    ) -> Result<Self, Failure> {
        let poll = Poll::new().map_err(Failure::Poll)?;
        let mut load = Self {
            pattern,
            cycle,
            poll,
            connections: Vec::with_capacity(connections),
            in_flight,
            patience,
            tls,
            buffer: vec![0; READ_BUFFER],
            scratch: vec![0; SCRATCH],
        };
        for index in 0..connections {
            load.connect(address, index)?;
        }
        Ok(load)
    }

    fn connect(&mut self, address: SocketAddr, index: usize) -> Result<(), Failure> {
        let socket =
            handshake::open(address, index, self.cycle.deflate(), self.tls).map_err(|source| {
                Failure::Open {
                    connection: index,
                    source,
                }
            })?;
        let first = match self.pattern {
            Pattern::Broadcast => 0,
            Pattern::Echo | Pattern::Silence => self.cycle.start(index),
        };
        let mut connection = Connection::new(socket, first, self.cycle);
        let interests = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(connection.socket().tcp(), Token(index), interests)
            .map_err(Failure::Poll)?;
        self.connections.push(connection);
        Ok(())
    }

    /// Fails if a server has sent bytes since the last exchange, or if a connection has ended.
    pub(crate) fn expect_silence(&mut self) -> Result<(), Failure> {
        for index in 0..self.connections.len() {
            let received = self.connections[index].receive(
                self.cycle,
                &mut self.buffer,
                &mut self.scratch,
                |_| {},
            );
            match received.map_err(|error| self.failure(index, error))?.0 {
                Arrival::End => return Err(self.ended(index)),
                Arrival::Nothing | Arrival::Replies(_) => {}
            }
        }
        Ok(())
    }

    /// Stops inflating compressed replies, except on the first `sample` connections.
    pub(crate) fn inflate_only(&mut self, sample: usize) {
        for connection in self.connections.iter_mut().skip(sample) {
            connection.replies().stop_inflating();
        }
    }

    /// Sends messages, and returns after the answer to the last one: then no message is in flight.
    pub(crate) fn exchange(&mut self, until: Until) -> Result<Tally, Failure> {
        let mut exchange = Exchange::new(until, self.connections.len());
        match self.pattern {
            Pattern::Echo => {
                for index in 0..self.connections.len() {
                    let count = exchange.grant(index, self.in_flight);
                    exchange.outstanding += count;
                    self.send(index, count)?;
                }
            }
            Pattern::Broadcast => self.broadcast(&mut exchange)?,
            Pattern::Silence => {}
        }
        let mut events = Events::with_capacity(1024);
        let mut checked_at = exchange.begun;
        while exchange.outstanding > 0 {
            wait(&mut self.poll, &mut events)?;
            let now = Instant::now();
            exchange.look_at_the_clock(now);
            for event in &events {
                self.serve(event.token().0, &mut exchange)?;
            }
            if now - checked_at >= TICK {
                checked_at = now;
                self.find_stalled(now)?;
            }
        }
        exchange.tally.elapsed = exchange.begun.elapsed();
        Ok(exchange.tally)
    }

    /// Serves a readable socket. The poller reports edges, so the socket must be read until it is empty.
    fn serve(&mut self, index: usize, exchange: &mut Exchange) -> Result<(), Failure> {
        loop {
            let connection = &mut self.connections[index];
            let latencies = &mut exchange.tally.latencies;
            let received = connection.receive(
                self.cycle,
                &mut self.buffer,
                &mut self.scratch,
                |duration| latencies.record(duration),
            );
            let (arrival, emptied) = received.map_err(|error| self.failure(index, error))?;
            match arrival {
                Arrival::Nothing => {}
                Arrival::End => return Err(self.ended(index)),
                Arrival::Replies(taken) => {
                    let tally = &mut exchange.tally;
                    tally.messages += taken.replies as u64;
                    tally.wire_bytes += taken.wire_bytes;
                    tally.plain_bytes += taken.plain_bytes;
                    tally.compared += taken.compared as u64;
                    exchange.outstanding -= taken.replies;
                    match self.pattern {
                        Pattern::Broadcast if exchange.outstanding == 0 => {
                            self.broadcast(exchange)?
                        }
                        Pattern::Broadcast | Pattern::Silence => {}
                        Pattern::Echo => {
                            let count = exchange.grant(index, taken.replies);
                            exchange.outstanding += count;
                            self.send(index, count)?;
                        }
                    }
                }
            }
            if emptied {
                break;
            }
        }
        self.connections[index]
            .flush(self.cycle)
            .map_err(|error| self.failure(index, error))
    }

    fn send(&mut self, index: usize, count: usize) -> Result<(), Failure> {
        self.connections[index]
            .send(count, self.cycle, Instant::now())
            .map_err(|error| self.failure(index, error))
    }

    fn broadcast(&mut self, exchange: &mut Exchange) -> Result<(), Failure> {
        let count = exchange.grant(0, self.in_flight);
        let now = Instant::now();
        for connection in self.connections.iter_mut().skip(1) {
            connection.expect(count, now);
        }
        exchange.outstanding = count * self.connections.len();
        self.send(0, count)
    }

    fn find_stalled(&self, now: Instant) -> Result<(), Failure> {
        let stalled = |connection: &Connection| {
            connection
                .oldest()
                .is_some_and(|sent| now.saturating_duration_since(sent) > self.patience)
        };
        match self.connections.iter().position(stalled) {
            None => Ok(()),
            Some(index) => Err(Failure::Stalled {
                connection: index,
                reply: self.connections[index].answered(),
                seconds: self.patience.as_secs(),
            }),
        }
    }

    fn ended(&self, index: usize) -> Failure {
        Failure::Ended {
            connection: index,
            reply: self.connections[index].answered(),
        }
    }

    fn failure(&self, index: usize, error: Error) -> Failure {
        let reply = self.connections[index].answered();
        match error {
            Error::Wrong(wrong) => Failure::Wrong {
                connection: index,
                reply,
                wrong,
            },
            Error::Io(source) => Failure::Io {
                connection: index,
                reply,
                source,
            },
        }
    }
}

/// One phase: the messages that may still be sent, and the replies so far.
struct Exchange {
    begun: Instant,
    end: Option<Instant>,
    /// The number of messages that each connection may still send.
    quotas: Vec<u64>,
    /// The number of replies that are still expected.
    outstanding: usize,
    tally: Tally,
}

impl Exchange {
    fn new(until: Until, connections: usize) -> Self {
        let begun = Instant::now();
        let (end, quota) = match until {
            Until::Elapsed(duration) => (Some(begun + duration), u64::MAX),
            Until::Sent(count) => (None, count),
        };
        Self {
            begun,
            end,
            quotas: vec![quota; connections],
            outstanding: 0,
            tally: Tally::new(),
        }
    }

    fn look_at_the_clock(&mut self, now: Instant) {
        if self.end.is_some_and(|end| now >= end) {
            self.end = None;
            self.quotas.fill(0);
        }
    }

    /// Returns the number of messages that a connection may send, at most `wanted`.
    fn grant(&mut self, index: usize, wanted: usize) -> usize {
        let quota = &mut self.quotas[index];
        let granted = wanted.min(usize::try_from(*quota).unwrap_or(usize::MAX));
        *quota -= granted as u64;
        granted
    }
}
