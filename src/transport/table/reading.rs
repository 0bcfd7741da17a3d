//! The order in which sockets are read, and the result of a read.
//!
//! Knows the order. Does not know the reasons to stop reading: see `may_read`.

use super::{Id, Table, socket_of};
use crate::transport::socket::{Read, Turn};

impl Table {
    /// Stops or starts reading.
    pub(crate) fn set_reading(&mut self, id: Id, is_reading: bool) {
        let Some(socket) = self.get(id) else { return };
        socket.is_reading = is_reading;
        self.start_reading(id);
    }

    /// Lets a socket have a turn for the bytes that its connection has already stored.
    pub(crate) fn announce(&mut self, id: Id) {
        let Some(socket) = self.get(id) else { return };
        socket.has_stored = true;
        self.enqueue(id);
        self.wake();
    }

    /// Reads bytes that the kernel has reported, unless a reason to stop remains.
    pub(super) fn start_reading(&mut self, id: Id) {
        if let Some(socket) = self.get(id)
            && socket.may_read()
            && socket.turn != Turn::Unannounced
        {
            self.enqueue(id);
            self.wake();
        }
    }

    /// Returns the socket to read next.
    pub(crate) fn next_ready(&mut self) -> Option<Id> {
        while let Some(id) = self.ready.pop_front() {
            if let Some(socket) = self.get(id) {
                socket.turn = Turn::Announced;
                if socket.may_read() {
                    return Some(id);
                }
            }
        }
        None
    }

    /// Reads once, and stores the bytes in the connection or aside. The turn for stored bytes reads nothing.
    pub(crate) fn read(&mut self, id: Id) -> Read {
        let Some(socket) = socket_of(&mut self.places, id) else {
            return Read::Nothing;
        };
        if std::mem::take(&mut socket.has_stored) {
            // The kernel may have reported more bytes meanwhile.
            self.enqueue(id);
            return Read::Bytes(0);
        }
        let received = socket.receive(&mut self.records);
        if received.is_unfinished {
            self.enqueue(id);
        }
        if received.has_answer {
            self.flush(id);
        }
        received.read
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(crate) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn enqueue(&mut self, id: Id) {
        if let Some(socket) = self.get(id)
            && socket.turn != Turn::Queued
        {
            socket.turn = Turn::Queued;
            self.ready.push_back(id);
        }
    }
}
