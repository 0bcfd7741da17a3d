//! The sockets of a reactor: their registration with the kernel, their readiness and their events.
//!
//! Knows descriptors and the bytes that pass through them. Does not know JavaScript or the meaning of the bytes.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::sync::Arc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use tls::Session;

use super::descriptor;
use super::socket::{Output, Peer, Socket};
use engine::registry::Shared;

mod faults;
mod reading;
mod writing;

/// The id of a registered socket. Places are reused, ids are not: an id that outlives its socket refers to no other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Id {
    pub(crate) place: u32,
    generation: u32,
}

/// The registered sockets of one event loop.
pub(crate) struct Table {
    poll: Poll,
    waker: Arc<Waker>,
    /// Sockets whose bytes the workers write.
    away: Vec<Id>,
    events: Events,
    places: Vec<Place>,
    free: Vec<u32>,
    /// Places whose sockets were removed in this batch. They become free after the batch, which may still refer to
    /// them.
    removed: Vec<u32>,
    /// Sockets that have stopped reading and whose peer has ended its half.
    ended: Vec<Id>,
    /// Sockets that cannot be written to any more.
    broken: Vec<(Id, io::Error)>,
    /// Sockets that were full and accept bytes again.
    drained: Vec<Id>,
    /// Sockets with passed marks.
    passed: Vec<Id>,
    /// Readable sockets, in the order of their turns.
    ready: VecDeque<Id>,
    /// A buffer for records of TLS in either direction.
    records: Vec<u8>,
}

#[derive(Default)]
struct Place {
    generation: u32,
    socket: Option<Socket>,
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
            removed: Vec::new(),
            ended: Vec::new(),
            broken: Vec::new(),
            drained: Vec::new(),
            passed: Vec::new(),
            ready: VecDeque::new(),
            records: Vec::new(),
        })
    }

    /// Returns the descriptor that the event loop watches.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    pub(crate) fn add(
        &mut self,
        descriptor: RawFd,
        connection: Shared,
        session: Option<Box<Session>>,
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
        entry.socket = Some(Socket::new(descriptor, connection, session));
        Ok(Id {
            place,
            generation: entry.generation,
        })
    }

    /// Removes a socket, before its owner closes it.
    pub(crate) fn remove(&mut self, id: Id) -> Option<Socket> {
        self.guarded("apply outcome", id, |table| table.apply_outcome(id));
        let socket = entry_of(&mut self.places, id)?.socket.take()?;
        // Ignores the error of a socket that the poller has not registered.
        let _ = self
            .poll
            .registry()
            .deregister(&mut SourceFd(&socket.descriptor));
        self.removed.push(id.place);
        Some(socket)
    }

    /// Transfers a socket, and the bytes put aside, to another connection. Returns false if it cannot.
    pub(crate) fn transfer(&mut self, id: Id, connection: &Shared) -> bool {
        self.get(id)
            .is_some_and(|socket| socket.transfer_to(connection))
    }

    pub(crate) fn get(&mut self, id: Id) -> Option<&mut Socket> {
        socket_of(&mut self.places, id)
    }

    /// Asks the kernel for events, and writes to the sockets that accept bytes again.
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
            if event.is_writable() && matches!(socket.output, Output::Full) {
                writable.push(id);
            }
            if !socket.apply(event) {
                continue;
            }
            if socket.may_read() {
                self.enqueue(id);
            } else if socket.peer != Peer::Open && descriptor::is_at_end(socket.descriptor) {
                self.ended.push(id);
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
            match self.get(id).map(|socket| &socket.output) {
                Some(Output::Away(job)) if job.is_done() => {
                    self.guarded("apply outcome", id, |table| {
                        table.apply_outcome(id);
                        table.flush(id);
                        table.note_passed(id);
                    });
                }
                Some(Output::Away(_)) => self.away.push(id),
                Some(Output::Ready | Output::Full | Output::Broken) | None => {}
            }
        }
    }

    /// Returns the ids of sockets that are still registered.
    fn registered(&mut self, mut ids: Vec<Id>) -> Vec<Id> {
        ids.retain(|id| self.get(*id).is_some());
        ids
    }

    /// Takes the sockets that have stopped reading and whose peer has ended its half.
    pub(crate) fn take_ended(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.ended);
        self.registered(ids)
    }

    /// Takes the sockets that cannot be written to any more, with the reason.
    pub(crate) fn take_broken(&mut self) -> Vec<(Id, io::Error)> {
        let mut broken = std::mem::take(&mut self.broken);
        broken.retain(|(id, _)| self.get(*id).is_some());
        broken
    }

    /// Takes the sockets with passed marks.
    pub(crate) fn take_passed(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.passed);
        self.registered(ids)
    }

    /// Takes the sockets that were full and no longer are.
    pub(crate) fn take_drained(&mut self) -> Vec<Id> {
        let ids = std::mem::take(&mut self.drained);
        self.registered(ids)
    }

    /// Makes the loop call the dispatcher again, after its other work.
    pub(crate) fn wake(&self) {
        // A full waker already wakes the loop.
        let _ = self.waker.wake();
    }

    /// Ends the batch: frees the places whose sockets were removed in it.
    pub(crate) fn end_batch(&mut self) {
        self.free.append(&mut self.removed);
    }

    /// Returns the id of the socket in that place.
    pub(crate) fn id_at(&self, place: usize) -> Option<Id> {
        let entry = self.places.get(place)?;
        entry.socket.as_ref()?;
        Some(Id {
            place: u32::try_from(place).ok()?,
            generation: entry.generation,
        })
    }
}

/// Returns the socket with that id, if it is still registered.
fn socket_of(places: &mut [Place], id: Id) -> Option<&mut Socket> {
    entry_of(places, id)?.socket.as_mut()
}

fn entry_of(places: &mut [Place], id: Id) -> Option<&mut Place> {
    let entry = places.get_mut(id.place as usize)?;
    (entry.generation == id.generation).then_some(entry)
}

const WAKER: Token = Token(usize::MAX);
const MAX_EVENTS: usize = 1024;
