//! The handling of panics: one connection ends, and the table stays intact.
//!
//! Knows that every step of a table concerns one socket. Does not know which step may panic.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Id, Table};
use crate::injection;
use crate::transport::socket::Output;

impl Table {
    /// Runs a step that concerns one socket. Returns None if it has panicked: then that connection has ended with an
    /// error, and the others continue.
    pub(crate) fn guarded<R>(
        &mut self,
        step: &str,
        id: Id,
        work: impl FnOnce(&mut Self) -> R,
    ) -> Option<R> {
        let attempt = || {
            let result = work(self);
            injection::point(step);
            result
        };
        // Apart from its socket, a step changes only lists of ids and a buffer that is filled anew.
        let result = catch_unwind(AssertUnwindSafe(attempt));
        if result.is_err() {
            self.fault(id);
        }
        result.ok()
    }

    /// Ends the connection of a socket after a panic in its step. The owner destroys the socket as after an error of
    /// the kernel, and then receives the connection's own error.
    pub(crate) fn fault(&mut self, id: Id) {
        let Some(socket) = self.get(id) else { return };
        socket.is_dirty = false;
        if let Output::Away(job) = std::mem::replace(&mut socket.output, Output::Broken) {
            // Completes the worker's write, whose bytes are intact. Later, the descriptor may belong to another
            // socket.
            job.outcome();
        }
        socket.connection.borrow_mut().fault();
        self.set_broken(id, io::Error::from_raw_os_error(libc::EIO));
    }
}
