//! The sockets of a reactor: which are watched, which have something to read, and what waits for them.
//!
//! Knows descriptors and the bytes that pass through them. Does not know JavaScript, nor what the bytes
//! mean.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd as _, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use tls::{Failure, Session, State};

use super::crew::{self, Job, Outcome};
use super::descriptor;
use crate::fault;
use crate::registry::Shared;

mod faults;
mod replies;
mod secure;

use replies::Replies;

/// A registered socket. Places are used again, ids are not: one that is kept too long names nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Id {
    pub(crate) place: u32,
    generation: u32,
}

/// The registered sockets of one event loop.
pub(crate) struct Table {
    poll: Poll,
    waker: Arc<Waker>,
    /// Sockets whose bytes are with the workers.
    away: Vec<Id>,
    events: Events,
    places: Vec<Place>,
    free: Vec<u32>,
    /// Places left in this batch: whoever still speaks of them must not meet somebody else.
    left: Vec<u32>,
    /// Sockets whose end was found without reading.
    ended: Vec<Id>,
    /// Sockets to which nothing can be written any more.
    broken: Vec<(Id, io::Error)>,
    /// Sockets that were full and take bytes again, whoever has found out.
    drained: Vec<Id>,
    /// Sockets that something has left for which somebody waits.
    passed: Vec<Id>,
    /// Sockets with something to read, in the order in which they have their turn.
    ready: VecDeque<Id>,
    chunk: Box<[u8]>,
    /// Records of TLS on their way in or out.
    records: Vec<u8>,
}

#[derive(Default)]
struct Place {
    generation: u32,
    socket: Option<Socket>,
}

pub(crate) struct Socket {
    descriptor: RawFd,
    pub(crate) connection: Shared,
    /// Nothing is read from a connection that is paused or has enough to do.
    is_reading: bool,
    /// The kernel has said that there is something to read.
    is_readable: bool,
    /// The socket is in the queue of those that are.
    is_queued: bool,
    /// What the peer has made us write. While it does not read that, nothing more of it is read.
    replies: Replies,
    /// The peer has ended its half: reading goes on to the end without waiting for another word.
    has_ended: bool,
    /// The kernel takes no more at the moment.
    is_full: bool,
    /// What a worker writes. Until that is done, what is sent waits behind it.
    job: Option<Arc<Job>>,
    /// The connection has been reset. That ends a pause.
    is_reset: bool,
    /// Writing has failed: the kernel takes nothing any more.
    is_broken: bool,
    /// What makes its bytes secret, if anything does.
    tls: Option<Box<Session>>,
    pub(crate) is_dirty: bool,
    pub(crate) traffic: Traffic,
}

/// Bytes that a socket has moved, records of TLS included.
pub(crate) struct Traffic {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// When that was last.
    pub(crate) active: Instant,
}

impl Traffic {
    fn receive(&mut self, bytes: usize) {
        self.received += bytes as u64;
        self.active = Instant::now();
    }

    fn send(&mut self, bytes: usize) {
        if bytes > 0 {
            self.sent += bytes as u64;
            self.active = Instant::now();
        }
    }
}

/// What reading has come to.
#[derive(Debug)]
pub(crate) enum Read {
    /// So many bytes have been given to the connection.
    Bytes(usize),
    Nothing,
    End,
    Failed(io::Error),
    /// The server is who it says: the connection may begin.
    Secured,
    /// TLS does not go on.
    Refused(Failure),
}

impl Table {
    pub(crate) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        Ok(Self {
            poll,
            waker: Arc::new(waker),
            away: Vec::new(),
            events: Events::with_capacity(MAX_EVENTS),
            places: Vec::new(),
            free: Vec::new(),
            left: Vec::new(),
            ended: Vec::new(),
            broken: Vec::new(),
            drained: Vec::new(),
            passed: Vec::new(),
            ready: VecDeque::new(),
            chunk: vec![0; CHUNK].into_boxed_slice(),
            records: Vec::new(),
        })
    }

    /// The descriptor to watch.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    pub(crate) fn add(
        &mut self,
        descriptor: RawFd,
        connection: Shared,
        tls: Option<Box<Session>>,
    ) -> io::Result<Id> {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.places.push(Place::default());
                u32::try_from(self.places.len() - 1).map_err(io::Error::other)?
            }
        };
        let registered = self.poll.registry().register(
            &mut SourceFd(&descriptor),
            Token(place as usize),
            Interest::READABLE,
        );
        if let Err(error) = registered {
            self.free.push(place);
            return Err(error);
        }
        let entry = &mut self.places[place as usize];
        entry.generation = entry.generation.wrapping_add(1);
        entry.socket = Some(Socket {
            descriptor,
            connection,
            is_reading: true,
            replies: Replies::default(),
            is_readable: false,
            is_queued: false,
            has_ended: false,
            is_full: false,
            is_reset: false,
            is_broken: false,
            tls,
            job: None,
            is_dirty: false,
            traffic: Traffic {
                received: 0,
                sent: 0,
                active: Instant::now(),
            },
        });
        Ok(Id {
            place,
            generation: entry.generation,
        })
    }

    /// Lets go of a socket, before its owner closes it.
    pub(crate) fn remove(&mut self, id: Id) -> Option<Socket> {
        self.guarded("come back", id, |table| table.come_back(id));
        let socket = entry_of(&mut self.places, id)?.socket.take()?;
        // Fails only if it is not registered, and then there is nothing to undo.
        let _ = self
            .poll
            .registry()
            .deregister(&mut SourceFd(&socket.descriptor));
        self.left.push(id.place);
        Some(socket)
    }

    pub(crate) fn get(&mut self, id: Id) -> Option<&mut Socket> {
        socket_of(&mut self.places, id)
    }

    /// Stops or starts reading.
    pub(crate) fn set_reading(&mut self, id: Id, is_reading: bool) {
        let Some(socket) = self.get(id) else { return };
        socket.is_reading = is_reading;
        self.resume(id);
    }

    /// Goes on reading what has been announced, if nothing speaks against it.
    fn resume(&mut self, id: Id) {
        if let Some(socket) = self.get(id)
            && socket.may_read()
            && socket.is_readable
        {
            self.enqueue(id);
            self.wake();
        }
    }

    /// Asks the kernel what has happened, and writes to those who take bytes again.
    pub(crate) fn collect(&mut self) {
        if self
            .poll
            .poll(&mut self.events, Some(Duration::ZERO))
            .is_err()
        {
            return;
        }
        let mut writable = Vec::new();
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let Some(id) = self.id_at(event.token().0) else {
                continue;
            };
            let Some(socket) = self.get(id) else { continue };
            if event.is_writable() && socket.is_full {
                writable.push(id);
            }
            socket.has_ended |= event.is_read_closed() || event.is_error();
            socket.is_reset |= event.is_error();
            if event.is_readable() || socket.has_ended {
                socket.is_readable = true;
                if socket.may_read() {
                    self.enqueue(id);
                } else if socket.has_ended && descriptor::is_at_end(socket.descriptor) {
                    self.ended.push(id);
                }
            }
        }
        self.events = events;
        for id in writable {
            self.guarded("flush the writable", id, |table| {
                table.flush(id);
                table.note_passed(id);
            });
        }
        for id in std::mem::take(&mut self.away) {
            match self.get(id).and_then(|socket| socket.job.as_ref()) {
                None => {}
                Some(job) if job.is_done() => {
                    self.guarded("come back", id, |table| {
                        table.come_back(id);
                        table.flush(id);
                        table.note_passed(id);
                    });
                }
                Some(_) => self.away.push(id),
            }
        }
    }

    /// Has workers write what waits for these sockets.
    pub(crate) fn send_away(&mut self, ids: &[Id]) {
        let mut jobs = Vec::new();
        for &id in ids {
            jobs.extend(
                self.guarded("send away", id, |table| table.job_for(id))
                    .flatten(),
            );
        }
        crew::dispatch(jobs, &self.waker);
    }

    /// What a worker is to write for this socket. Some sockets are better written to here and now.
    fn job_for(&mut self, id: Id) -> Option<Arc<Job>> {
        let socket = self.get(id)?;
        if socket.tls.is_some() || socket.job.is_some() || socket.is_full || socket.is_broken {
            self.flush_dirty(id);
            return None;
        }
        socket.is_dirty = false;
        let bytes = socket.connection.borrow_mut().outbox().take_bytes();
        if bytes.is_empty() {
            return None;
        }
        let job = Arc::new(Job::new(socket.descriptor, bytes));
        socket.job = Some(Arc::clone(&job));
        self.away.push(id);
        Some(job)
    }

    /// The process ends: whatever workers have not written is written now.
    pub(crate) fn call_back(&mut self) {
        for id in std::mem::take(&mut self.away) {
            self.guarded("come back", id, |table| {
                table.come_back(id);
                table.flush(id);
            });
        }
    }

    /// Hears what has come of a write that a worker has, or has had; or does it.
    fn come_back(&mut self, id: Id) {
        let Some(socket) = self.get(id) else { return };
        let Some(job) = socket.job.take() else { return };
        match job.finish() {
            Outcome::Rest(rest) => {
                socket.traffic.send(job.len() - rest.len());
                let is_whole = socket.connection.borrow_mut().outbox().put_back(rest);
                if !is_whole {
                    self.broke(id, io::Error::from_raw_os_error(libc::ENOMEM));
                }
            }
            Outcome::Failed(error) => self.broke(id, error),
        }
    }

    /// Nothing can be written any more: the owner is told why.
    fn broke(&mut self, id: Id, error: io::Error) {
        let Some(socket) = self.get(id) else { return };
        socket.is_broken = true;
        socket.connection.borrow_mut().outbox().discard();
        self.broken.push((id, error));
        self.wake();
    }

    /// Without those that have left since: others may be in their places.
    fn those_present(&mut self, mut ids: Vec<Id>) -> Vec<Id> {
        ids.retain(|id| self.get(*id).is_some());
        ids
    }

    /// Those that are not read from and have nothing more to read.
    pub(crate) fn take_ended(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.ended);
        self.those_present(ids)
    }

    /// Those to whom nothing can be written any more, and why.
    pub(crate) fn take_broken(&mut self) -> Vec<(Id, io::Error)> {
        let mut broken = std::mem::take(&mut self.broken);
        broken.retain(|(id, _)| self.get(*id).is_some());
        broken
    }

    /// Those that something has left for which somebody waits.
    pub(crate) fn take_passed(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.passed);
        self.those_present(ids)
    }

    /// Those who were full and no longer are.
    pub(crate) fn take_drained(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.drained);
        self.those_present(ids)
    }

    /// The next socket whose turn it is.
    pub(crate) fn next_ready(&mut self) -> Option<Id> {
        while let Some(id) = self.ready.pop_front() {
            if let Some(socket) = self.get(id) {
                socket.is_queued = false;
                if socket.may_read() {
                    return Some(id);
                }
            }
        }
        None
    }

    /// Reads once, and lets the connection have it.
    pub(crate) fn read(&mut self, id: Id) -> Read {
        let Some(socket) = socket_of(&mut self.places, id) else {
            return Read::Nothing;
        };
        if socket.tls.is_some() {
            return self.read_records(id);
        }
        let result = descriptor::receive(socket.descriptor, &mut self.chunk);
        match result {
            Ok(0) => Read::End,
            Ok(read) => {
                socket.traffic.receive(read);
                let bytes = self.chunk.get(..read).unwrap_or_default();
                socket.connection.borrow_mut().receive(bytes);
                if read == self.chunk.len() || socket.has_ended {
                    self.enqueue(id);
                } else {
                    socket.is_readable = false;
                }
                Read::Bytes(read)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                socket.is_readable = false;
                Read::Nothing
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                self.enqueue(id);
                Read::Nothing
            }
            Err(error) => Read::Failed(error),
        }
    }

    /// Offers what waits to the kernel. False when it does not take everything, now or ever.
    pub(crate) fn flush(&mut self, id: Id) -> bool {
        let Some(socket) = socket_of(&mut self.places, id) else {
            return true;
        };
        socket.is_dirty = false;
        if socket.job.is_some() {
            return true;
        }
        if socket.is_broken {
            socket.connection.borrow_mut().outbox().discard();
            return false;
        }
        let mut connection = socket.connection.borrow_mut();
        let outbox = connection.outbox();
        let mut has_failed = false;
        let traffic = &mut socket.traffic;
        let result = match &mut socket.tls {
            None => descriptor::send_all(socket.descriptor, outbox.bytes())
                .inspect(|&sent| traffic.send(sent)),
            Some(tls) => {
                let result = tls.write(outbox.bytes(), &mut self.records, |records| {
                    descriptor::send_all(socket.descriptor, records)
                        .inspect(|&sent| traffic.send(sent))
                });
                has_failed = matches!(tls.state(), State::Failed(_));
                result
            }
        };
        match result {
            Ok(taken) => {
                outbox.advance(taken);
                if let Some(tls) = &socket.tls {
                    outbox.set_away(tls.pending());
                }
            }
            Err(error) => {
                drop(connection);
                self.broke(id, error);
                return false;
            }
        }
        let is_full =
            !outbox.is_empty() || socket.tls.as_ref().is_some_and(|tls| tls.pending() > 0);
        let was_stalled = socket.is_stalled();
        if is_full {
            socket
                .replies
                .leave(outbox.position(), outbox.bytes().len());
        } else {
            socket.replies = Replies::default();
        }
        drop(connection);
        if has_failed {
            // What reads next says why.
            self.enqueue(id);
            self.wake();
            return false;
        }
        if socket.is_full != is_full {
            socket.is_full = is_full;
            let interest = if socket.is_full {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            let registered = fault::result("reregister").and_then(|()| {
                self.poll.registry().reregister(
                    &mut SourceFd(&socket.descriptor),
                    Token(id.place as usize),
                    interest,
                )
            });
            // Without the event that it is writable again, it would wait for ever. One event too many is
            // no harm.
            if let Err(error) = registered
                && is_full
            {
                self.broke(id, error);
                return false;
            }
            if !is_full {
                self.drained.push(id);
                self.wake();
            }
        }
        if was_stalled {
            self.resume(id);
        }
        !is_full
    }

    /// Bytes that wait until the kernel takes more.
    pub(crate) fn waiting(&mut self, id: Id) -> usize {
        let Some(socket) = self.get(id) else { return 0 };
        if !socket.is_full {
            return 0;
        }
        let records = socket.tls.as_ref().map_or(0, |tls| tls.pending());
        records + socket.connection.borrow_mut().outbox().bytes().len()
    }

    /// [`flush`](Self::flush) at the end of a batch, where JavaScript does not ask what has left.
    pub(crate) fn flush_dirty(&mut self, id: Id) {
        self.flush(id);
        if self.note_passed(id) {
            self.wake();
        }
    }

    /// Whether something has left that somebody waits for. Where JavaScript flushes, it asks itself.
    fn note_passed(&mut self, id: Id) -> bool {
        let has_passed = self
            .get(id)
            .is_some_and(|socket| socket.connection.borrow_mut().outbox().has_passed());
        if has_passed {
            self.passed.push(id);
        }
        has_passed
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(crate) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    /// Has the loop call again, after its other work.
    pub(crate) fn wake(&self) {
        // A waker that is full has done its work already.
        let _ = self.waker.wake();
    }

    /// The batch is over: nobody speaks of those any more who have left in it.
    pub(crate) fn end_batch(&mut self) {
        self.free.append(&mut self.left);
    }

    /// The id of whoever is in that place.
    pub(crate) fn id_at(&self, place: usize) -> Option<Id> {
        let entry = self.places.get(place)?;
        entry.socket.as_ref()?;
        Some(Id {
            place: u32::try_from(place).ok()?,
            generation: entry.generation,
        })
    }

    fn enqueue(&mut self, id: Id) {
        if let Some(socket) = self.get(id)
            && !socket.is_queued
        {
            socket.is_queued = true;
            self.ready.push_back(id);
        }
    }
}

/// Whoever has that id, if anybody still has.
fn socket_of(places: &mut [Place], id: Id) -> Option<&mut Socket> {
    entry_of(places, id)?.socket.as_mut()
}

fn entry_of(places: &mut [Place], id: Id) -> Option<&mut Place> {
    let entry = places.get_mut(id.place as usize)?;
    (entry.generation == id.generation).then_some(entry)
}

impl Socket {
    /// Counts bytes that the peer has made us write.
    pub(crate) fn reply(&mut self, bytes: usize) {
        self.replies.add(bytes);
    }

    fn may_read(&self) -> bool {
        self.is_reset || (self.is_reading && !self.is_stalled())
    }

    fn is_stalled(&self) -> bool {
        self.is_full && self.replies.are_too_many()
    }
}

const WAKER: Token = Token(usize::MAX);
const MAX_EVENTS: usize = 1024;
/// What is read at a time.
const CHUNK: usize = 128 * 1024;
