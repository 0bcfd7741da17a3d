//! Writing of sockets: by the event loop, or by a worker.
//!
//! Knows which bytes the kernel has accepted. Does not know when to write.

use std::io;

use mio::unix::SourceFd;
use mio::{Interest, Token};

use super::{Id, Table, socket_of};
use crate::injection;
use crate::transport::crew::{self, Outcome, Plan};
use crate::transport::socket::{Bytes, Output};

impl Table {
    /// Offers the output to the kernel. Returns false if the kernel does not accept all bytes, or if writing has
    /// failed.
    pub(crate) fn flush(&mut self, id: Id) -> bool {
        self.apply_finished(id);
        let Some(socket) = socket_of(&mut self.places, id) else {
            return true;
        };
        socket.is_dirty = false;
        match socket.output {
            Output::Ready | Output::Full => {}
            Output::Away(_) => return true,
            Output::Broken => {
                socket.discard();
                return false;
            }
        }
        let was_stalled = socket.is_stalled();
        let is_full = match socket.write(&mut self.records) {
            Ok(has_rest) => has_rest,
            Err(error) => {
                self.set_broken(id, error);
                return false;
            }
        };
        if socket.bytes.has_failed() {
            self.enqueue(id);
            self.wake();
            return false;
        }
        if is_full != matches!(socket.output, Output::Full) && !self.set_full(id, is_full) {
            return false;
        }
        if was_stalled {
            self.start_reading(id);
        }
        !is_full
    }

    /// Offers a frame to the kernel, from the caller's memory, while no other output waits. Returns the number of
    /// accepted bytes; the caller adds the others to the output. Does not borrow the connection, which is sending.
    pub(crate) fn write_frame(&mut self, id: Id, header: &[u8], payload: &[u8]) -> usize {
        let Some(socket) = self.get(id) else { return 0 };
        match socket.write_frame(header, payload) {
            Ok(accepted) => accepted,
            Err(error) => {
                // The next flush discards the output.
                socket.output = Output::Broken;
                self.broken.push((id, error));
                self.wake();
                0
            }
        }
    }

    /// Makes the kernel report when a full socket accepts bytes again. Returns false if the kernel refuses: without
    /// that event, the output would never continue.
    fn set_full(&mut self, id: Id, is_full: bool) -> bool {
        let Some(socket) = socket_of(&mut self.places, id) else {
            return false;
        };
        let (output, interest) = if is_full {
            (Output::Full, Interest::READABLE | Interest::WRITABLE)
        } else {
            (Output::Ready, Interest::READABLE)
        };
        socket.output = output;
        let registered = injection::result("reregister").and_then(|()| {
            self.poll.registry().reregister(
                &mut SourceFd(&socket.descriptor),
                Token(id.place as usize),
                interest,
            )
        });
        match registered {
            Err(error) if is_full => {
                self.set_broken(id, error);
                return false;
            }
            // A superfluous event does no harm.
            Ok(()) | Err(_) => {}
        }
        if !is_full {
            self.drained.push(id);
            self.wake();
        }
        true
    }

    /// Adds bytes of the program after all bytes of the connection. Returns false if there is no memory for them.
    pub(crate) fn add_around(&mut self, id: Id, bytes: &[u8]) -> bool {
        let Some(socket) = self.get(id) else {
            return true;
        };
        let mut connection = socket.connection.borrow_mut();
        connection.outbox().push(bytes);
        // No other code checks whether a connection that only lends its outbox had memory for the bytes.
        let is_lost = socket.aside().is_some() && connection.needs_poll();
        drop(connection);
        if is_lost {
            self.set_broken(id, io::Error::from_raw_os_error(libc::ENOMEM));
        }
        !is_lost
    }

    /// Ends TLS: offers the output and close_notify to the kernel. Returns the bytes that it does not accept.
    pub(crate) fn close_tls(&mut self, id: Id) -> Vec<u8> {
        match socket_of(&mut self.places, id) {
            Some(socket) => socket.close_tls(&mut self.records),
            None => Vec::new(),
        }
    }

    /// Flushes at the end of a batch, and reports passed marks.
    pub(crate) fn flush_dirty(&mut self, id: Id) {
        self.flush(id);
        if self.note_passed(id) {
            self.wake();
        }
    }

    /// Notes whether marks have passed. When JavaScript calls [`flush`](Self::flush), it takes the passed marks itself.
    pub(super) fn note_passed(&mut self, id: Id) -> bool {
        let has_passed = self
            .get(id)
            .is_some_and(|socket| socket.connection.borrow_mut().outbox().has_passed());
        if has_passed {
            self.passed.push(id);
        }
        has_passed
    }

    /// Lets workers write the output of these sockets.
    pub(crate) fn send_away(&mut self, ids: &[Id]) {
        let mut plan = Plan::default();
        let begin = self.away.len();
        for &id in ids {
            let planned = plan.len();
            let is_planned = self.guarded("send away", id, |table| table.plan_write(id, &mut plan));
            match is_planned {
                Some(true) => self.away.push(id),
                Some(false) => {}
                None => plan.truncate(planned),
            }
        }
        let flight = plan.into_flight(&self.waker);
        for (&id, job) in self.away.iter().skip(begin).zip(flight.jobs()) {
            if let Some(socket) = socket_of(&mut self.places, id) {
                socket.output = Output::Away(job);
            }
        }
        crew::dispatch(&flight);
    }

    /// Adds the output of this socket to the plan. Returns false if there is none to add: writes at once if the socket
    /// uses TLS or is not ready.
    fn plan_write(&mut self, id: Id, plan: &mut Plan) -> bool {
        self.apply_finished(id);
        let Some(socket) = self.get(id) else {
            return false;
        };
        let (Bytes::Plain, Output::Ready) = (&socket.bytes, &socket.output) else {
            self.flush_dirty(id);
            return false;
        };
        let descriptor = socket.descriptor;
        let mut connection = socket.connection.borrow_mut();
        let outbox = connection.outbox();
        let length = outbox.bytes().len();
        if length > 0 && length <= SHORT && !plan.add(descriptor, outbox.bytes()) {
            drop(connection);
            self.flush_dirty(id);
            return false;
        }
        if length > SHORT {
            plan.add_own(descriptor, outbox.take_bytes());
        } else {
            outbox.take_copied();
        }
        drop(connection);
        socket.is_dirty = false;
        length > 0
    }

    /// Writes the bytes that workers have not written, because the process ends.
    pub(crate) fn write_unwritten(&mut self) {
        for id in std::mem::take(&mut self.away) {
            self.guarded("apply outcome", id, |table| {
                table.apply_outcome(id);
                table.flush(id);
            });
        }
    }

    /// Applies the outcome of a worker's write that has ended, so that later output does not wait for the other sockets.
    fn apply_finished(&mut self, id: Id) {
        if let Some(socket) = self.get(id)
            && let Output::Away(job) = &socket.output
            && job.is_done()
        {
            self.apply_outcome(id);
        }
    }

    /// Applies the outcome of a worker's write. Writes now, if no worker has written yet.
    pub(super) fn apply_outcome(&mut self, id: Id) {
        let Some(socket) = self.get(id) else { return };
        let Output::Away(_) = socket.output else {
            return;
        };
        let Output::Away(job) = std::mem::replace(&mut socket.output, Output::Ready) else {
            return;
        };
        match job.outcome() {
            Outcome::Rest(rest) => {
                socket.traffic.send(job.len() - rest.len());
                let is_whole = socket.connection.borrow_mut().outbox().put_back(rest);
                if !is_whole {
                    self.set_broken(id, io::Error::from_raw_os_error(libc::ENOMEM));
                }
            }
            Outcome::Failed(error) => self.set_broken(id, error),
        }
    }

    /// Notes that the socket cannot be written to any more, and reports the error to its owner.
    pub(super) fn set_broken(&mut self, id: Id, error: io::Error) {
        let Some(socket) = self.get(id) else { return };
        socket.output = Output::Broken;
        socket.discard();
        self.broken.push((id, error));
        self.wake();
    }
}

/// The length of output up to which a worker receives a copy. Then the outbox keeps its memory for later output.
const SHORT: usize = 4 * 1024;
