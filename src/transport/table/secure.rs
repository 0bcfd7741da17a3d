//! Sockets of a table that speak TLS.
//!
//! Knows when records are read and written. What they mean is known in `crates/tls`.

use std::io::{self, ErrorKind};

use tls::State;

use super::{Id, Read, Table, descriptor, socket_of};

impl Table {
    /// Reads records once, and lets the connection have what is in them.
    pub(super) fn read_records(&mut self, id: Id) -> Read {
        let Some(socket) = socket_of(&mut self.places, id) else {
            return Read::Nothing;
        };
        let Some(tls) = &mut socket.tls else {
            return Read::Nothing;
        };
        // What has come of the last read is told once everything before it has been.
        match tls.state() {
            State::Ended => return Read::End,
            State::Failed(failure) => return Read::Refused(failure.clone()),
            State::Handshaking | State::Established => {}
        }
        let was_handshaking = *tls.state() == State::Handshaking;
        let mut connection = socket.connection.borrow_mut();
        let mut is_full_read = false;
        let result = tls.read(
            &mut self.records,
            |into| {
                let read = descriptor::receive(socket.descriptor, into)?;
                is_full_read = read == into.len();
                Ok(read)
            },
            &mut |bytes| connection.receive(bytes),
        );
        drop(connection);
        match result {
            Ok(0) => Read::End,
            Ok(read) => {
                socket.traffic.receive(read);
                let state = tls.state().clone();
                let has_answer = tls.pending() > 0;
                let has_news = matches!(state, State::Ended | State::Failed(_));
                if is_full_read || has_news || socket.has_ended {
                    self.enqueue(id);
                } else {
                    socket.is_readable = false;
                }
                if has_answer {
                    self.flush(id);
                }
                match state {
                    State::Handshaking => Read::Nothing,
                    State::Failed(failure) if was_handshaking => Read::Refused(failure),
                    State::Established | State::Ended if was_handshaking => Read::Secured,
                    State::Established | State::Ended | State::Failed(_) => Read::Bytes(read),
                }
            }
            Err(error) => self.unread(id, error),
        }
    }

    fn unread(&mut self, id: Id, error: io::Error) -> Read {
        match error.kind() {
            ErrorKind::WouldBlock => {
                if let Some(socket) = self.get(id) {
                    socket.is_readable = false;
                }
                Read::Nothing
            }
            ErrorKind::Interrupted => {
                self.enqueue(id);
                Read::Nothing
            }
            _ => Read::Failed(error),
        }
    }

    /// Offers everything to the kernel, and the goodbye behind it. What it leaves.
    pub(crate) fn finish(&mut self, id: Id) -> Vec<u8> {
        let Some(socket) = socket_of(&mut self.places, id) else {
            return Vec::new();
        };
        let Some(tls) = &mut socket.tls else {
            return Vec::new();
        };
        let mut connection = socket.connection.borrow_mut();
        let outbox = connection.outbox();
        let rest = if socket.is_broken {
            Ok(Vec::new())
        } else {
            tls.finish(outbox.bytes(), &mut self.records, |records| {
                descriptor::send_all(socket.descriptor, records)
                    .inspect(|&sent| socket.traffic.send(sent))
            })
        };
        // The next write reports that the peer cannot be written to.
        let Ok(rest) = rest else {
            outbox.discard();
            return Vec::new();
        };
        outbox.clear();
        outbox.set_away(rest.len());
        rest
    }

    /// Writes bytes that are not the connection's, behind everything that is.
    pub(crate) fn write_around(&mut self, id: Id, bytes: &[u8]) -> bool {
        if let Some(socket) = self.get(id) {
            socket.connection.borrow_mut().outbox().push(bytes);
        }
        self.flush(id)
    }

    /// Bytes encrypted and not written.
    pub(crate) fn pending(&mut self, id: Id) -> usize {
        let tls = self.get(id).and_then(|socket| socket.tls.as_ref());
        tls.map_or(0, |tls| tls.pending())
    }
}
