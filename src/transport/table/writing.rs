//! How bytes leave a socket: by the loop, by a worker, or by TLS.
//!
//! Knows what the kernel has taken. Does not know when to write.

use std::io;
use std::sync::Arc;

use mio::unix::SourceFd;
use mio::{Interest, Token};
use tls::State;

use super::replies::Replies;
use super::{Id, Table, socket_of};
use crate::fault;
use crate::transport::crew::{self, Job, Outcome};
use crate::transport::descriptor;

impl Table {
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

    /// Whether messages with receipts have left. Where JavaScript flushes, it asks itself.
    pub(super) fn note_passed(&mut self, id: Id) -> bool {
        let has_passed = self
            .get(id)
            .is_some_and(|socket| socket.connection.borrow_mut().outbox().has_passed());
        if has_passed {
            self.passed.push(id);
        }
        has_passed
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
    pub(super) fn come_back(&mut self, id: Id) {
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
    pub(super) fn broke(&mut self, id: Id, error: io::Error) {
        let Some(socket) = self.get(id) else { return };
        socket.is_broken = true;
        socket.connection.borrow_mut().outbox().discard();
        self.broken.push((id, error));
        self.wake();
    }
}
