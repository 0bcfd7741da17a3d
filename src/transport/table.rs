//! The sockets of a reactor: which are watched, which have something to read, and what waits for them.
//!
//! Knows descriptors and the bytes that pass through them. Does not know JavaScript, nor what the bytes
//! mean.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use tls::{Failure, Session};

use super::crew::Job;
use super::descriptor;
use crate::registry::Shared;

mod faults;
mod reading;
mod replies;
mod secure;
mod writing;

use replies::Replies;

/// A registered socket. Places are used again, ids are not: an id that is kept too long names no socket.
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
    /// Places left in this batch. Others get them only afterwards, because the batch may still name them.
    left: Vec<u32>,
    /// Sockets whose end was found without reading.
    ended: Vec<Id>,
    /// Sockets to which nothing can be written any more.
    broken: Vec<(Id, io::Error)>,
    /// Sockets that were full and take bytes again.
    drained: Vec<Id>,
    /// Sockets of which messages with receipts have left.
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

    /// Those to which nothing can be written any more, and why.
    pub(crate) fn take_broken(&mut self) -> Vec<(Id, io::Error)> {
        let mut broken = std::mem::take(&mut self.broken);
        broken.retain(|(id, _)| self.get(*id).is_some());
        broken
    }

    /// Those of which messages with receipts have left.
    pub(crate) fn take_passed(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.passed);
        self.those_present(ids)
    }

    /// Those that were full and no longer are.
    pub(crate) fn take_drained(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.drained);
        self.those_present(ids)
    }

    /// Has the loop call again, after its other work.
    pub(crate) fn wake(&self) {
        // A waker that is full has done its work already.
        let _ = self.waker.wake();
    }

    /// The batch is over: the places left in it are free.
    pub(crate) fn end_batch(&mut self) {
        self.free.append(&mut self.left);
    }

    /// The id of the socket in that place.
    pub(crate) fn id_at(&self, place: usize) -> Option<Id> {
        let entry = self.places.get(place)?;
        entry.socket.as_ref()?;
        Some(Id {
            place: u32::try_from(place).ok()?,
            generation: entry.generation,
        })
    }
}

/// The socket with that id, if it is still there.
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
