//! The reactor: the steps of a batch, one socket after the other.
//!
//! Knows the order of the steps, and the limits of a batch. Does not know JavaScript.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;

use proto::output::Message;
use tls::Session;

use super::crew;
use super::socket::{News, Read, Socket};
use super::table::{Id, Table};
use crate::injection;
use engine::registry::Shared;
use engine::run;

/// The sockets of one environment, and the work that remains for them.
pub(crate) struct Reactor {
    table: Table,
    /// Sockets with output to write at the end of the batch.
    dirty: Vec<Id>,
    /// Sockets that the running batch has read from or reports on.
    concerned: Vec<Id>,
    /// Whether workers may write. They may not if other code could close descriptors without our knowledge.
    has_crew: bool,
}

/// Receives the messages and events of a batch.
pub(crate) trait Sink {
    /// Adds a message. Returns false if there is no memory for it.
    fn message(&mut self, id: Id, message: &Message<'_>) -> bool;

    /// Adds decrypted bytes for the program. Returns false if there is no memory for them.
    fn bytes(&mut self, id: Id, bytes: &[u8]) -> bool;

    /// Adds an event that is not a message.
    fn news(&mut self, id: Id, news: News);

    /// Returns the number of messages and events added so far.
    fn len(&self) -> usize;
}

impl Reactor {
    pub(crate) fn new(has_crew: bool) -> io::Result<Self> {
        Ok(Self {
            table: Table::new()?,
            dirty: Vec::new(),
            concerned: Vec::new(),
            has_crew,
        })
    }

    /// Returns the descriptor that the event loop watches.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.table.descriptor()
    }

    /// Reads and writes a socket from now on. Returns None if the kernel refuses.
    pub(crate) fn add(
        &mut self,
        descriptor: RawFd,
        connection: Shared,
        session: Option<Box<Session>>,
    ) -> Option<Id> {
        let is_secure = session.is_some();
        let id = self.table.add(descriptor, connection, session).ok()?;
        if is_secure {
            self.table.guarded("flush", id, |table| table.flush(id));
        }
        Some(id)
    }

    /// Decodes the bytes that the connection has already stored in another batch.
    pub(crate) fn announce(&mut self, id: Id) {
        self.table.announce(id);
    }

    /// Removes a socket. Its number is reused only after the running batch.
    pub(crate) fn remove(&mut self, number: u32, is_in_batch: bool) {
        if let Some(id) = self.table.id_at(number as usize) {
            self.table.remove(id);
        }
        if !is_in_batch {
            self.table.end_batch();
        }
    }

    pub(crate) fn set_reading(&mut self, number: u32, is_reading: bool) {
        if let Some(id) = self.table.id_at(number as usize) {
            self.table.set_reading(id, is_reading);
        }
    }

    /// Returns the socket with that number, if it is in the table.
    pub(crate) fn socket(&mut self, number: u32) -> Option<&mut Socket> {
        let id = self.table.id_at(number as usize)?;
        self.table.get(id)
    }

    /// Runs a step of the table for the socket with that number, if it is in the table.
    pub(crate) fn with<R>(
        &mut self,
        step: &str,
        number: u32,
        work: impl FnOnce(&mut Table, Id) -> R,
    ) -> Option<R> {
        let id = self.table.id_at(number as usize)?;
        self.table.guarded(step, id, |table| work(table, id))
    }

    /// Notes that a connection has output, of which `replies` bytes answer the peer. In a batch, they are written at
    /// its end.
    pub(crate) fn output_added(&mut self, id: Id, replies: usize, is_in_batch: bool) {
        let Some(socket) = self.table.get(id) else {
            return;
        };
        socket.reply(replies);
        if is_in_batch && socket.set_dirty() {
            self.dirty.push(id);
        }
    }

    /// Offers a frame to the kernel while no other output of its connection waits. Returns the number of accepted bytes.
    pub(crate) fn write_frame(&mut self, id: Id, header: &[u8], payload: &[u8]) -> usize {
        self.table.write_frame(id, header, payload)
    }

    /// Reports the events since the last batch to the sink, then reads sockets, until the sink is full.
    pub(crate) fn collect(&mut self, sink: &mut impl Sink) {
        self.table.collect();
        for id in self.table.take_ended() {
            self.report(sink, id, News::Ended);
        }
        for (id, error) in self.table.take_broken() {
            self.report(sink, id, News::Unwritable(error));
        }
        for id in self.table.take_passed() {
            self.report(sink, id, News::Passed);
        }
        for id in self.table.take_drained() {
            self.report(sink, id, News::Drained);
        }
        self.read(sink);
    }

    /// Writes bytes of the program: in a batch, a few bytes at its end. Returns false if the kernel does not accept
    /// everything.
    pub(crate) fn write_around(&mut self, number: u32, bytes: &[u8], is_in_batch: bool) -> bool {
        let write = |table: &mut Table, id| {
            if !table.add_around(id, bytes) {
                return Around::Full;
            }
            if is_in_batch
                && let Some(socket) = table.get(id)
                && socket.may_wait()
            {
                return match socket.set_dirty() {
                    true => Around::Dirty(id),
                    false => Around::Written,
                };
            }
            match table.flush(id) {
                true => Around::Written,
                false => Around::Full,
            }
        };
        match self.with("write around", number, write) {
            Some(Around::Full) => false,
            Some(Around::Dirty(id)) => {
                self.dirty.push(id);
                true
            }
            Some(Around::Written) | None => true,
        }
    }

    /// Reports an event. Only the sink stores it, so a panic before the delivery ends the socket: see `fault`.
    fn report(&mut self, sink: &mut impl Sink, id: Id, news: News) {
        self.concerned.push(id);
        sink.news(id, news);
    }

    /// Reads sockets in turn.
    fn read(&mut self, sink: &mut impl Sink) {
        injection::point("collect");
        let mut bytes = 0;
        let mut turns = self.table.ready_count().min(MAX_READS);
        while bytes < MAX_BYTES && turns > 0 && sink.len() < MAX_BATCH {
            let Some(id) = self.table.next_ready() else {
                break;
            };
            turns -= 1;
            self.concerned.push(id);
            let before = sink.len();
            let read = self.table.guarded("read", id, |table| table.read(id));
            match read.unwrap_or(Read::Nothing) {
                Read::Nothing => {}
                Read::News(News::Secured) => {
                    sink.news(id, News::Secured);
                    // The connection of a client begins with the event. A program receives the bytes after it.
                    if self
                        .table
                        .get(id)
                        .is_some_and(|socket| socket.aside().is_some())
                    {
                        bytes += self.decode(sink, id);
                    }
                }
                Read::News(news) => sink.news(id, news),
                Read::Bytes(read) => {
                    bytes += read + self.decode(sink, id);
                    // A read of a part of a large message does not count. A socket with messages to deliver waits
                    // until their handlers have run and the other sockets have had their turn.
                    if sink.len() == before {
                        turns += 1;
                    }
                }
            }
        }
    }

    /// Decodes the messages of a connection that has received bytes. Returns their length.
    fn decode(&mut self, sink: &mut impl Sink, id: Id) -> usize {
        let Some(socket) = self.table.get(id) else {
            return 0;
        };
        if let Some(aside) = socket.aside() {
            let length = aside.len();
            if length > 0 && !sink.bytes(id, aside) {
                sink.news(id, News::Failed(io::ErrorKind::OutOfMemory.into()));
            }
            socket.discard_aside();
            return length;
        }
        let connection = Rc::clone(&socket.connection);
        let decoded = self.table.guarded("decoded", id, |_| {
            let mut connection = connection.borrow_mut();
            let run = run::decode(&mut connection, |message| {
                injection::point("decode");
                sink.message(id, message)
            });
            if !run.is_whole || connection.needs_poll() {
                // The application may pause before it polls.
                connection.settle();
                sink.news(id, News::Poll);
            }
            run.bytes
        });
        decoded.unwrap_or_default()
    }

    /// Writes the output of the batch, one socket after the other.
    pub(crate) fn write(&mut self) {
        injection::point("write");
        if self.dirty.len() >= WIDE && self.has_crew && crew::is_available() {
            self.table.send_away(&self.dirty);
        } else {
            for &id in &self.dirty {
                self.table
                    .guarded("flush dirty", id, |table| table.flush_dirty(id));
            }
        }
        // Cleared last: after a panic, the next batch writes the remaining output.
        self.dirty.clear();
    }

    pub(crate) fn end_batch(&mut self) {
        self.concerned.clear();
        self.table.end_batch();
        if self.table.has_ready() {
            self.table.wake();
        }
    }

    /// Offers the output of the batch to the kernel, because the process ends.
    pub(crate) fn flush_all(&mut self) {
        for id in std::mem::take(&mut self.dirty) {
            self.table.guarded("flush", id, |table| table.flush(id));
        }
        self.table.write_unwritten();
    }

    /// Handles a panic of a batch outside of the steps for one socket. Ends the sockets that the batch had reached,
    /// because their messages are lost. The next batch writes the remaining output.
    pub(crate) fn fault(&mut self) {
        for id in std::mem::take(&mut self.concerned) {
            self.table.fault(id);
        }
        self.table.end_batch();
        self.table.wake();
    }
}

/// The result of a write of the program.
enum Around {
    /// All bytes are written, or wait for the end of the batch.
    Written,
    /// The bytes wait for the end of the batch, which does not know of the socket yet.
    Dirty(Id),
    /// The kernel does not accept all bytes.
    Full,
}

/// The least number of dirty sockets for which workers write. Passing jobs to a worker takes some microseconds; a
/// write takes five.
const WIDE: usize = 64;
/// The limits for reading and decoding in one batch, so that a flood never keeps the loop from its other work.
const MAX_BYTES: usize = run::MAX_BYTES;
const MAX_READS: usize = 1024;
/// The number of messages and events at which a batch stops reading.
const MAX_BATCH: usize = 4096;
