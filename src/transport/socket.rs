//! One socket: what is known of its peer, what the kernel takes, and how its bytes travel.
//!
//! Knows its descriptor and its connection. Does not know other sockets, nor when it has its turn.

#![forbid(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use mio::event::Event;
use tls::{Agreement, Failure, Session};

use super::crew::Job;
use engine::registry::Shared;

mod bytes;
mod replies;

pub(super) use bytes::Bytes;
use bytes::Recipient;
use replies::Replies;

pub(crate) struct Socket {
    pub(super) descriptor: RawFd,
    pub(crate) connection: Shared,
    pub(super) bytes: Bytes,
    /// Where what is read goes while the connection only lends its outbox: JavaScript takes it from here.
    aside: Option<Vec<u8>>,
    pub(super) output: Output,
    pub(super) peer: Peer,
    pub(super) turn: Turn,
    /// Nothing is read from a connection that is paused or has enough to do.
    pub(super) is_reading: bool,
    /// The socket is among those to which the end of the batch writes.
    pub(super) is_dirty: bool,
    /// What the peer has made us write. While it does not read that, nothing more of it is read.
    replies: Replies,
    pub(super) traffic: Traffic,
}

/// What becomes of bytes that are written.
pub(super) enum Output {
    /// The kernel takes them.
    Ready,
    /// The kernel takes no more at the moment.
    Full,
    /// They wait until a worker has done this.
    Away(Arc<Job>),
    /// Writing has failed: the kernel takes nothing any more.
    Broken,
}

/// The peer's half of the socket.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Peer {
    Open,
    /// The peer has ended it: reading goes on to the end without waiting for another event.
    Ended,
    /// The peer has reset it. That ends a pause.
    Reset,
}

/// When the socket is read next.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Turn {
    /// When the kernel says that there is something to read.
    Unannounced,
    /// The kernel has said so: when the socket may be read.
    Announced,
    /// When those before it in the queue have had their turn.
    Queued,
}

/// Something that has happened to a socket, other than a message.
#[derive(Debug)]
pub(crate) enum News {
    /// The connection has to be polled.
    Poll,
    /// The kernel has taken what waited.
    Drained,
    /// Messages with receipts have left.
    Passed,
    /// The peer has ended its half.
    Ended,
    /// Reading has failed.
    Failed(io::Error),
    /// Writing has failed.
    Unwritable(io::Error),
    /// TLS has been agreed on, and the server is the one that was asked for: the connection may begin.
    Secured,
    /// TLS does not go on.
    Refused(Failure),
}

/// What one read has come to.
#[derive(Debug)]
pub(crate) enum Read {
    Nothing,
    /// So many bytes have been given to the connection.
    Bytes(usize),
    News(News),
}

/// One read, and what it asks for.
pub(super) struct Received {
    pub(super) read: Read,
    /// The socket wants another turn.
    pub(super) is_unfinished: bool,
    /// TLS has something to write.
    pub(super) has_answer: bool,
}

/// Bytes that a socket has moved, records of TLS included.
pub(crate) struct Traffic {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// When that was last.
    pub(crate) active: Instant,
}

impl Socket {
    pub(super) fn new(
        descriptor: RawFd,
        connection: Shared,
        session: Option<Box<Session>>,
    ) -> Self {
        Self {
            descriptor,
            connection,
            bytes: session.map_or(Bytes::Plain, Bytes::Secure),
            aside: None,
            output: Output::Ready,
            peer: Peer::Open,
            turn: Turn::Unannounced,
            is_reading: true,
            is_dirty: false,
            replies: Replies::default(),
            traffic: Traffic {
                received: 0,
                sent: 0,
                active: Instant::now(),
            },
        }
    }

    /// Hears what the kernel says. Whether there is something to read.
    pub(super) fn hear(&mut self, event: &Event) -> bool {
        if event.is_error() {
            self.peer = Peer::Reset;
        } else if event.is_read_closed() && self.peer == Peer::Open {
            self.peer = Peer::Ended;
        }
        let is_readable = event.is_readable() || self.peer != Peer::Open;
        if is_readable && self.turn == Turn::Unannounced {
            self.turn = Turn::Announced;
        }
        is_readable
    }

    pub(super) fn may_read(&self) -> bool {
        match self.peer {
            Peer::Open | Peer::Ended => self.is_reading && !self.is_stalled(),
            Peer::Reset => true,
        }
    }

    /// Whether the peer does not read what it makes us write.
    pub(super) fn is_stalled(&self) -> bool {
        matches!(self.output, Output::Full) && self.replies.are_too_many()
    }

    /// Notes that the end of the batch has something to write. False when that has been noted.
    pub(super) fn set_dirty(&mut self) -> bool {
        !std::mem::replace(&mut self.is_dirty, true)
    }

    /// Counts bytes that the peer has made us write.
    pub(super) fn reply(&mut self, bytes: usize) {
        self.replies.add(bytes);
    }

    /// Reads once, and lets the connection have it.
    pub(super) fn receive(&mut self, chunk: &mut [u8], records: &mut Vec<u8>) -> Received {
        let mut received = Received {
            read: Read::Nothing,
            is_unfinished: false,
            has_answer: false,
        };
        let recipient = match &mut self.aside {
            Some(aside) => Recipient::Aside(aside),
            None => Recipient::Connection(&self.connection),
        };
        match self
            .bytes
            .receive(self.descriptor, recipient, chunk, records)
        {
            Ok(arrival) => {
                if arrival.length > 0 {
                    self.traffic.receive(arrival.length);
                    received.is_unfinished = arrival.has_more || self.peer != Peer::Open;
                    received.has_answer = self.bytes.pending() > 0;
                    self.turn = Turn::Unannounced;
                }
                received.read = arrival.read;
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => self.turn = Turn::Unannounced,
                ErrorKind::Interrupted => received.is_unfinished = true,
                _ => received.read = Read::News(News::Failed(error)),
            },
        }
        received
    }

    /// Puts aside what is read from now on, until another connection has the socket.
    pub(crate) fn put_aside(&mut self) {
        self.aside.get_or_insert_default();
    }

    /// Takes what has been put aside.
    pub(crate) fn take_aside(&mut self) -> Vec<u8> {
        self.aside.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What has been put aside; none where the connection gets what is read.
    pub(super) fn aside(&self) -> Option<&[u8]> {
        self.aside.as_deref()
    }

    /// Lets another connection have the socket, and what has been put aside. False when something still waits to be
    /// written, or when nothing is put aside.
    pub(super) fn transfer_to(&mut self, connection: &Shared) -> bool {
        let is_written = matches!(self.output, Output::Ready)
            && self.bytes.pending() == 0
            && self.connection.borrow_mut().outbox().is_empty();
        match self.aside.take_if(|_| is_written) {
            Some(aside) => {
                connection.borrow_mut().receive(&aside);
                self.connection = Rc::clone(connection);
                true
            }
            None => false,
        }
    }

    /// Offers what waits to the kernel. Whether something is left.
    pub(super) fn write(&mut self, records: &mut Vec<u8>) -> io::Result<bool> {
        let mut connection = self.connection.borrow_mut();
        let outbox = connection.outbox();
        let (descriptor, traffic) = (self.descriptor, &mut self.traffic);
        let has_rest = self.bytes.write(descriptor, outbox, records, traffic)?;
        if has_rest {
            self.replies
                .advance(outbox.position(), outbox.bytes().len());
        } else {
            self.replies = Replies::default();
        }
        Ok(has_rest)
    }

    /// Offers everything to the kernel, and the goodbye of TLS behind it. What it leaves.
    pub(super) fn close_tls(&mut self, records: &mut Vec<u8>) -> Vec<u8> {
        let mut connection = self.connection.borrow_mut();
        let outbox = connection.outbox();
        let is_broken = matches!(self.output, Output::Broken);
        let descriptor = (!is_broken).then_some(self.descriptor);
        let traffic = &mut self.traffic;
        self.bytes.close_tls(descriptor, outbox, records, traffic)
    }

    /// Forgets what waits to be written.
    pub(super) fn discard(&self) {
        self.connection.borrow_mut().outbox().discard();
    }

    /// Bytes that wait until the kernel takes more; none while it takes everything.
    pub(crate) fn waiting(&self) -> usize {
        match self.output {
            Output::Full => {
                let bytes = self.connection.borrow_mut().outbox().bytes().len();
                self.bytes.pending() + bytes
            }
            Output::Ready | Output::Away(_) | Output::Broken => 0,
        }
    }

    /// What TLS has agreed on; None before, and without it.
    pub(crate) fn agreement(&self) -> Option<Agreement> {
        self.bytes.agreement()
    }

    /// Bytes that TLS has encrypted and the kernel has not taken.
    pub(crate) fn pending(&self) -> usize {
        self.bytes.pending()
    }
}

impl Traffic {
    fn receive(&mut self, bytes: usize) {
        self.received += bytes as u64;
        self.active = Instant::now();
    }

    pub(super) fn send(&mut self, bytes: usize) {
        if bytes > 0 {
            self.sent += bytes as u64;
            self.active = Instant::now();
        }
    }
}
