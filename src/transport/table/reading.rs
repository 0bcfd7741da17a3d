//! Which sockets have their turn to be read, and what reading has come to.
//!
//! Knows in which order. Does not know what stops reading: see `may_read`.

use std::io::ErrorKind;

use super::{Id, Read, Table, socket_of};
use crate::transport::descriptor;

impl Table {
    /// Stops or starts reading.
    pub(crate) fn set_reading(&mut self, id: Id, is_reading: bool) {
        let Some(socket) = self.get(id) else { return };
        socket.is_reading = is_reading;
        self.resume(id);
    }

    /// Goes on reading what has been announced, if nothing speaks against it.
    pub(super) fn resume(&mut self, id: Id) {
        if let Some(socket) = self.get(id)
            && socket.may_read()
            && socket.is_readable
        {
            self.enqueue(id);
            self.wake();
        }
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

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(crate) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn enqueue(&mut self, id: Id) {
        if let Some(socket) = self.get(id)
            && !socket.is_queued
        {
            socket.is_queued = true;
            self.ready.push_back(id);
        }
    }
}
