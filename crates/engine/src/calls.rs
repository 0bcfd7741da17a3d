//! The functions that a binding calls for every message or chunk.
//!
//! A panic passes through these functions and ends the connection. The binding decides what the caller then receives.

use proto::connection::Connection;
use proto::hybi::prepared::Prepared;
use proto::output::{Form, Kind, Message};

use crate::injection;
use crate::numbers::{REFUSED, WAITS_FOR_WORK};
use crate::registry::Registered;
use crate::run;

/// The state of a connection after a run of messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Behind {
    /// No output follows until more bytes arrive.
    Nothing,
    /// The caller must poll: an output that is not a message follows, or another run.
    More,
}

impl Registered {
    /// Sends a message. Returns the number of bytes not yet taken, [`REFUSED`] or [`WAITS_FOR_WORK`].
    #[inline]
    pub fn send(&self, form: Form, kind: Kind, payload: &[u8]) -> f64 {
        let mut connection = self.connection();
        let accepted = connection.send_in(form, kind, payload);
        injection::point("send");
        sent(&mut connection, accepted)
    }

    /// Sends a message like [`send`](Self::send). The writer of the output writes it at once, from the memory of the
    /// caller, if it can be written unchanged before all other output.
    #[inline]
    pub fn send_now(&self, form: Form, kind: Kind, payload: &[u8]) -> f64 {
        let mut connection = self.connection();
        let write = |header: &[u8], payload: &[u8]| self.write_frame(header, payload);
        let accepted = connection.send_through(form, kind, payload, write);
        injection::point("send");
        sent(&mut connection, accepted)
    }

    /// Sends a message by putting its frame into this memory, and the bytes for which it has no room into the outbox.
    /// Returns the number of bytes in the memory. If the message cannot be written unchanged before all other output,
    /// does not send it and returns 0.
    #[inline]
    pub fn put_frame(&self, form: Form, kind: Kind, payload: &[u8], memory: &mut [u8]) -> usize {
        let mut connection = self.connection();
        let mut put = |header: &[u8], payload: &[u8]| {
            let (head, room) = memory.split_at_mut_checked(header.len())?;
            let length = payload.len().min(room.len());
            head.copy_from_slice(header);
            room.get_mut(..length)?
                .copy_from_slice(payload.get(..length)?);
            Some(header.len() + length)
        };
        let write = |header: &[u8], payload: &[u8]| put(header, payload).unwrap_or(0);
        let written = connection.write_through(form, kind, payload, write);
        injection::point("send");
        written.unwrap_or(0)
    }

    /// Sends a prepared message. Returns a number as [`send`](Self::send) does.
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

    /// Decodes messages up to the limits of a run, and calls `take` with each. If `take` returns false, for lack of
    /// memory, the connection fails.
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

    /// Returns the number of bytes not yet written.
    #[inline]
    #[must_use]
    pub fn output_length(&self) -> usize {
        self.connection().outbox().bytes().len()
    }

    /// Takes bytes not yet written, as many as fit. Returns their number.
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

/// Returns the kind of a message from the flag that bindings use.
#[inline]
#[must_use]
pub fn kind(is_text: bool) -> Kind {
    if is_text { Kind::Text } else { Kind::Binary }
}

/// Returns the result of a function that sends a message.
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
