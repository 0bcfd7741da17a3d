//! The reactor: what happens in a batch, one socket after the other.
//!
//! Knows in which order, and how much of it before the event loop has its other work. Does not know JavaScript.

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

/// The sockets of one environment, and what is left to do for them.
pub(crate) struct Reactor {
    table: Table,
    /// Sockets with something to write at the end of the batch.
    dirty: Vec<Id>,
    /// Sockets that the batch under way has something for.
    concerned: Vec<Id>,
    /// Whether workers may write: where descriptors are closed behind our back they may not.
    has_crew: bool,
}

/// Takes what a batch brings.
pub(crate) trait Sink {
    /// False when there is no memory for the message.
    fn message(&mut self, id: Id, message: &Message<'_>) -> bool;

    /// Takes what is no message.
    fn news(&mut self, id: Id, news: News);

    /// How much it holds, in messages and news.
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

    /// The descriptor to watch.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.table.descriptor()
    }

    /// Takes over reading and writing of a socket. None when the kernel refuses.
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

    /// Lets go of a socket. In a batch, its number is not used again until the end.
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

    /// The socket of that number, if there is one.
    pub(crate) fn socket(&mut self, number: u32) -> Option<&mut Socket> {
        let id = self.table.id_at(number as usize)?;
        self.table.get(id)
    }

    /// Has the table do something for the socket of that number, if there is one.
    pub(crate) fn with<R>(
        &mut self,
        step: &str,
        number: u32,
        work: impl FnOnce(&mut Table, Id) -> R,
    ) -> Option<R> {
        let id = self.table.id_at(number as usize)?;
        self.table.guarded(step, id, |table| work(table, id))
    }

    /// A connection has something to write. So many bytes of it answer the peer; in a batch, they are written at
    /// its end.
    pub(crate) fn bytes_wait(&mut self, id: Id, replies: usize, is_in_batch: bool) {
        let Some(socket) = self.table.get(id) else {
            return;
        };
        socket.reply(replies);
        if is_in_batch && socket.set_dirty() {
            self.dirty.push(id);
        }
    }

    /// Has the sink take what has happened since the last batch, and what sockets have to read, until it holds
    /// enough.
    pub(crate) fn collect(&mut self, sink: &mut impl Sink) {
        self.table.collect();
        for id in self.table.take_ended() {
            self.tell(sink, id, News::Ended);
        }
        for (id, error) in self.table.take_broken() {
            self.tell(sink, id, News::Unwritable(error));
        }
        for id in self.table.take_passed() {
            self.tell(sink, id, News::Passed);
        }
        for id in self.table.take_drained() {
            self.tell(sink, id, News::Drained);
        }
        self.read(sink);
    }

    /// Tells what is noted nowhere else.
    fn tell(&mut self, sink: &mut impl Sink, id: Id, news: News) {
        self.concerned.push(id);
        sink.news(id, news);
    }

    /// Reads whose turn it is.
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
                Read::News(news) => sink.news(id, news),
                Read::Bytes(read) => {
                    bytes += read + self.decode(sink, id);
                    // Part of a large message: reads on. A socket with something to deliver waits for the
                    // handlers and the other sockets.
                    if sink.len() == before {
                        turns += 1;
                    }
                }
            }
        }
    }

    /// Decodes the messages of a connection that has received bytes. How long they are.
    fn decode(&mut self, sink: &mut impl Sink, id: Id) -> usize {
        let Some(socket) = self.table.get(id) else {
            return 0;
        };
        if let Some(aside) = socket.aside() {
            let length = aside.len();
            if length > 0 {
                sink.news(id, News::Poll);
            }
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
                sink.news(id, News::Poll);
            }
            run.bytes
        });
        decoded.unwrap_or_default()
    }

    /// Writes what the batch has sent, one socket after the other.
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
        // They are forgotten when all of them have been written, and not before.
        self.dirty.clear();
    }

    pub(crate) fn end_batch(&mut self) {
        self.concerned.clear();
        self.table.end_batch();
        if self.table.has_ready() {
            self.table.wake();
        }
    }

    /// The process ends: offers everything to the kernel that waits for the end of a batch.
    pub(crate) fn flush_all(&mut self) {
        for id in std::mem::take(&mut self.dirty) {
            self.table.guarded("flush", id, |table| table.flush(id));
        }
        self.table.call_back();
    }

    /// A batch has panicked outside the steps for one socket. Ends the sockets that it had something for, because
    /// what it had is lost. The next batch writes what is still to be written.
    pub(crate) fn fault(&mut self) {
        for id in std::mem::take(&mut self.concerned) {
            self.table.fault(id);
        }
        self.table.end_batch();
        self.table.wake();
    }
}

/// Sockets that a batch writes to from which on workers do it. Handing over costs some microseconds, and
/// a write five.
const WIDE: usize = 64;
/// What one batch reads and decodes, so that no flood keeps the loop from its other work.
const MAX_BYTES: usize = run::MAX_BYTES;
const MAX_READS: usize = 1024;
/// Messages and news from which on a batch reads no more.
const MAX_BATCH: usize = 4096;
