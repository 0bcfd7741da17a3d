//! What a panic leaves of a table: one connection that has ended, and nothing else.
//!
//! Knows that everything a table does concerns one socket at a time. Does not know what may panic.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Id, Table};
use crate::injection;
use crate::transport::socket::Output;

impl Table {
    /// Does a step that concerns one socket. None when it has panicked: then the connection has ended with an
    /// error, and the others go on.
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
        // What a step changes beside its socket are lists of ids and a buffer that is filled anew.
        let result = catch_unwind(AssertUnwindSafe(attempt));
        if result.is_err() {
            self.fault(id);
        }
        result.ok()
    }

    /// Ends the connection of a socket during whose turn a panic was caught. The owner destroys the socket, as after an
    /// error of the kernel, and with that hears the connection's own error.
    pub(crate) fn fault(&mut self, id: Id) {
        let Some(socket) = self.get(id) else { return };
        socket.is_dirty = false;
        if let Output::Away(job) = std::mem::replace(&mut socket.output, Output::Broken) {
            // What a worker has is whole. It may not come later: the descriptor will be another's.
            job.outcome();
        }
        socket.connection.borrow_mut().fault();
        self.broke(id, io::Error::from_raw_os_error(libc::EIO));
    }
}
