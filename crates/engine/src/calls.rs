//! What is called for every message or chunk.
//!
//! A panic passes through these functions: it ends the connection on its way, and what its end is to a caller is the
//! binding's to say.

use proto::connection::Connection;
use proto::hybi::prepared::Prepared;
use proto::output::{Form, Kind, Message};

use crate::injection;
use crate::numbers::{REFUSED, WAITS_FOR_WORK};
use crate::registry::Registered;
use crate::run;

/// What comes behind a run of messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Behind {
    /// Nothing, until more bytes come.
    Nothing,
    /// Something that is no message, or another run: it has to be polled.
    More,
}

impl Registered {
    /// Sends a message. How many bytes wait to be taken, [`REFUSED`] or [`WAITS_FOR_WORK`].
    #[inline]
    pub fn send(&self, form: Form, kind: Kind, payload: &[u8]) -> f64 {
        let mut connection = self.connection();
        let accepted = connection.send_in(form, kind, payload);
        injection::point("send");
        sent(&mut connection, accepted)
    }

    /// Sends a message that was made for many connections. Returns what [`send`](Self::send) returns.
    #[inline]
    pub fn send_prepared(&self, form: Form, message: &Prepared) -> f64 {
        let mut connection = self.connection();
        let accepted = connection.send_prepared_in(form, message);
        injection::point("prepared");
        sent(&mut connection, accepted)
    }

    /// Stores bytes from the transport.
    #[inline]
    pub fn receive(&self, chunk: &[u8]) {
        let mut connection = self.connection();
        connection.receive(chunk);
        injection::point("receive");
    }

    /// Lends the messages that are there to `take`, as many as a run may have. Where it returns false there is no
    /// memory for one, and the connection fails.
    #[inline]
    pub fn messages(&self, mut take: impl FnMut(&Message<'_>) -> bool) -> Behind {
        let mut connection = self.connection();
        let run = run::decode(&mut connection, |message| {
            injection::point("messages");
            take(message)
        });
        if run.is_whole && !connection.needs_poll() {
            return Behind::Nothing;
        }
        Behind::More
    }

    /// How many bytes wait to be written.
    #[inline]
    #[must_use]
    pub fn output_length(&self) -> usize {
        self.connection().outbox().bytes().len()
    }

    /// Takes the bytes that wait to be written: as many as there is room for. How many.
    #[inline]
    pub fn take_output(&self, into: &mut [u8]) -> usize {
        let mut connection = self.connection();
        let outbox = connection.outbox();
        let length = into.len().min(outbox.bytes().len());
        let (room, bytes) = (into.get_mut(..length), outbox.bytes().get(..length));
        if let (Some(room), Some(bytes)) = (room, bytes) {
            room.copy_from_slice(bytes);
        }
        outbox.advance(length);
        injection::point("take output");
        length
    }
}

/// The kind of a message that a binding says to be text or not.
#[inline]
#[must_use]
pub fn kind(is_text: bool) -> Kind {
    if is_text { Kind::Text } else { Kind::Binary }
}

/// What a function that sends a message returns.
#[inline]
pub(crate) fn sent(connection: &mut Connection, accepted: bool) -> f64 {
    if !accepted {
        f64::from(REFUSED)
    } else if connection.has_work() {
        f64::from(WAITS_FOR_WORK)
    } else {
        connection.outbox().bytes().len() as f64
    }
}
