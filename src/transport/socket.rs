//! One socket: the state of its peer, the state of its output, and the path of its bytes.
//!
//! Knows its descriptor and its connection. Does not know other sockets or the order of reading.

#![forbid(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::RawFd;
use std::rc::Rc;
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
    /// The bytes read while the connection only lends its outbox, until JavaScript takes them.
    aside: Option<Vec<u8>>,
    pub(super) output: Output,
    pub(super) peer: Peer,
    pub(super) turn: Turn,
    /// Whether the connection had bytes to decode before the socket was added.
    pub(super) has_stored: bool,
    /// False while JavaScript has stopped reading.
    pub(super) is_reading: bool,
    /// Whether the socket is in the reactor's list of sockets to write to.
    pub(super) is_dirty: bool,
    /// Bytes that the peer has made us write. Above a limit, we stop reading from it until it reads them.
    replies: Replies,
    pub(super) traffic: Traffic,
}

/// The state of the output.
pub(super) enum Output {
    /// The kernel accepts bytes.
    Ready,
    /// The kernel accepts no more at the moment.
    Full,
    /// A worker writes the bytes of this job. Later bytes wait until it is done.
    Away(Job),
    /// Writing has failed: the kernel accepts no more bytes.
    Broken,
}

/// The peer's half of the socket.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Peer {
    Open,
    /// The peer has ended its half. Reading continues to the end without another event.
    Ended,
    /// The peer has reset the connection. The socket is read even if JavaScript has stopped reading.
    Reset,
}

/// The time of the next read.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Turn {
    /// After the kernel reports that there are bytes to read.
    Unannounced,
    /// As soon as the socket may be read: the kernel has reported bytes.
    Announced,
    /// After the sockets before it in the queue.
    Queued,
}

/// An event of a socket, other than a message.
#[derive(Debug)]
pub(crate) enum News {
    /// The connection must be polled.
    Poll,
    /// The kernel has accepted the bytes that it could not accept before.
    Drained,
    /// Marks have passed: the kernel has accepted messages with receipts.
    Passed,
    /// The peer has ended its half.
    Ended,
    /// Reading has failed.
    Failed(io::Error),
    /// Writing has failed.
    Unwritable(io::Error),
    /// The handshake of TLS has succeeded: the connection may begin. A client accepts the server's certificate.
    Secured,
    /// TLS has failed.
    Refused(Failure),
}

/// The result of one read.
#[derive(Debug)]
pub(crate) enum Read {
    Nothing,
    /// The connection has received this many bytes.
    Bytes(usize),
    News(News),
}

/// One read, and the steps that must follow.
pub(super) struct Received {
    pub(super) read: Read,
    /// The socket needs another turn.
    pub(super) is_unfinished: bool,
    /// TLS has output.
    pub(super) has_answer: bool,
}

/// The bytes that a socket has moved, including records of TLS.
pub(crate) struct Traffic {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// The time of the last bytes.
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
            has_stored: false,
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

    /// Applies an event of the kernel. Returns whether the socket is readable.
    pub(super) fn apply(&mut self, event: &Event) -> bool {
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

    /// Returns whether the peer does not read our replies to it.
    pub(super) fn is_stalled(&self) -> bool {
        matches!(self.output, Output::Full) && self.replies.are_too_many()
    }

    /// Notes that the end of the batch must write to the socket. Returns false if that was already noted.
    pub(super) fn set_dirty(&mut self) -> bool {
        !std::mem::replace(&mut self.is_dirty, true)
    }

    /// Returns whether the output is small enough to wait for the end of the batch, and the kernel accepts bytes.
    pub(super) fn may_wait(&self) -> bool {
        matches!(self.output, Output::Ready)
            && self.connection.borrow_mut().outbox().bytes().len() < MAX_WAITING
    }

    /// Counts bytes that the peer has made us write.
    pub(super) fn reply(&mut self, bytes: usize) {
        self.replies.add(bytes);
    }

    /// Reads once, and stores the bytes in the connection or aside.
    pub(super) fn receive(&mut self, records: &mut Vec<u8>) -> Received {
        let mut received = Received {
            read: Read::Nothing,
            is_unfinished: false,
            has_answer: false,
        };
        let recipient = match &mut self.aside {
            Some(aside) => Recipient::Aside(aside),
            None => Recipient::Connection(&self.connection),
        };
        match self.bytes.receive(self.descriptor, recipient, records) {
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

    /// Puts aside the bytes read from now on, until the socket is transferred to another connection.
    pub(crate) fn put_aside(&mut self) {
        self.aside.get_or_insert_default();
    }

    /// Discards the bytes that were put aside, because JavaScript has received them.
    pub(super) fn discard_aside(&mut self) {
        if let Some(aside) = &mut self.aside {
            *aside = Vec::new();
        }
    }

    /// Returns the bytes put aside; None if the connection receives the bytes read.
    pub(super) fn aside(&self) -> Option<&[u8]> {
        self.aside.as_deref()
    }

    /// Transfers the socket and the bytes put aside to another connection. Returns false if output is not written
    /// yet, or if no bytes are being put aside.
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

    /// Offers the output to the kernel. Returns whether some of it remains.
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

    /// Offers a frame to the kernel while no other output waits. Returns the number of accepted bytes.
    pub(super) fn write_frame(&mut self, header: &[u8], payload: &[u8]) -> io::Result<usize> {
        match self.output {
            Output::Ready => {
                let (descriptor, traffic) = (self.descriptor, &mut self.traffic);
                self.bytes.write_frame(descriptor, header, payload, traffic)
            }
            Output::Full | Output::Away(_) | Output::Broken => Ok(0),
        }
    }

    /// Offers the output and close_notify to the kernel. Returns the bytes that it does not accept.
    pub(super) fn close_tls(&mut self, records: &mut Vec<u8>) -> Vec<u8> {
        let mut connection = self.connection.borrow_mut();
        let outbox = connection.outbox();
        let is_broken = matches!(self.output, Output::Broken);
        let descriptor = (!is_broken).then_some(self.descriptor);
        let traffic = &mut self.traffic;
        self.bytes.close_tls(descriptor, outbox, records, traffic)
    }

    /// Discards the output.
    pub(super) fn discard(&self) {
        self.connection.borrow_mut().outbox().discard();
    }

    /// Returns the number of bytes that wait until the kernel accepts more; 0 while it accepts everything.
    pub(crate) fn waiting(&self) -> usize {
        match self.output {
            Output::Full => {
                let bytes = self.connection.borrow_mut().outbox().bytes().len();
                self.bytes.pending() + bytes
            }
            Output::Ready | Output::Away(_) | Output::Broken => 0,
        }
    }

    /// Returns the results of the handshake of TLS; None before its end, and without TLS.
    pub(crate) fn agreement(&self) -> Option<&Agreement> {
        self.bytes.agreement()
    }

    /// Takes the bytes that a TLS client has sent, if no byte was sent to it.
    pub(crate) fn take_flight(&mut self) -> Option<Vec<u8>> {
        self.bytes.take_flight()
    }

    /// Returns the number of bytes that TLS has encrypted and the kernel has not accepted.
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

/// The number of bytes of a program that the end of a batch still writes. More are written at once, so that the
/// program notices a full kernel.
const MAX_WAITING: usize = 64 * 1024;
