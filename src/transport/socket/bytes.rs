//! The path of bytes between a connection and the kernel: unchanged, or in records of TLS.
//!
//! Knows when records are read and written. Does not know their meaning: `crates/tls` does.

use std::io;
use std::os::fd::RawFd;

use proto::outbox::Outbox;
use tls::{Agreement, Session, State};

use super::{News, Read, Traffic};
use crate::transport::descriptor;
use engine::registry::Shared;

pub(in crate::transport) enum Bytes {
    Plain,
    Secure(Box<Session>),
}

/// The recipient of bytes that were read.
pub(super) enum Recipient<'a> {
    Connection(&'a Shared),
    /// A buffer, from which JavaScript takes them.
    Aside(&'a mut Vec<u8>),
}

/// The result of one read, with its length.
pub(super) struct Arrival {
    pub(super) read: Read,
    /// The bytes that the kernel has returned; 0 at the end, and if an earlier read has caused the event.
    pub(super) length: usize,
    /// Another read may return more.
    pub(super) has_more: bool,
}

impl Bytes {
    /// Reads once, and passes the bytes to the recipient.
    pub(super) fn receive(
        &mut self,
        descriptor: RawFd,
        recipient: Recipient<'_>,
        records: &mut Vec<u8>,
    ) -> io::Result<Arrival> {
        match self {
            Self::Plain => receive_plain(descriptor, recipient),
            Self::Secure(session) => receive_records(session, descriptor, recipient, records),
        }
    }

    /// Offers the output to the kernel. Returns whether some of it remains.
    pub(super) fn write(
        &mut self,
        descriptor: RawFd,
        outbox: &mut Outbox,
        records: &mut Vec<u8>,
        traffic: &mut Traffic,
    ) -> io::Result<bool> {
        let mut send = |bytes: &[u8]| send(descriptor, bytes, traffic);
        match self {
            Self::Plain => {
                let taken = send(outbox.bytes())?;
                outbox.advance(taken);
            }
            Self::Secure(session) => {
                let taken = session.write(outbox.bytes(), records, send)?;
                outbox.advance(taken);
                outbox.set_away(session.pending());
            }
        }
        Ok(!outbox.is_empty() || self.pending() > 0)
    }

    /// Offers a frame to the kernel, from the caller's memory, while no other output waits. Returns the number of bytes
    /// that the kernel has accepted: 0 if the frame must become records of TLS.
    pub(super) fn write_frame(
        &self,
        descriptor: RawFd,
        header: &[u8],
        payload: &[u8],
        traffic: &mut Traffic,
    ) -> io::Result<usize> {
        match self {
            Self::Plain => {
                let sent = descriptor::send_both(descriptor, header, payload)?;
                traffic.send(sent);
                Ok(sent)
            }
            Self::Secure(_) => Ok(0),
        }
    }

    /// Ends TLS: offers the output and close_notify to the kernel. Returns the bytes that it does not accept. Without
    /// a descriptor, nothing can be written.
    pub(super) fn close_tls(
        &mut self,
        descriptor: Option<RawFd>,
        outbox: &mut Outbox,
        records: &mut Vec<u8>,
        traffic: &mut Traffic,
    ) -> Vec<u8> {
        let Self::Secure(session) = self else {
            return Vec::new();
        };
        let rest = match descriptor {
            None => Ok(Vec::new()),
            Some(descriptor) => session.close(outbox.bytes(), records, |records| {
                send(descriptor, records, traffic)
            }),
        };
        // Ignores the error, because the next write to the socket reports it.
        let Ok(rest) = rest else {
            outbox.discard();
            return Vec::new();
        };
        outbox.clear();
        outbox.set_away(rest.len());
        rest
    }

    /// Returns the number of bytes that TLS has encrypted and the kernel has not accepted.
    pub(super) fn pending(&self) -> usize {
        match self {
            Self::Plain => 0,
            Self::Secure(session) => session.pending(),
        }
    }

    /// Returns the results of the handshake of TLS; None before its end, and without TLS.
    pub(super) fn agreement(&self) -> Option<&Agreement> {
        match self {
            Self::Plain => None,
            Self::Secure(session) => session.agreement(),
        }
    }

    /// Takes the bytes that a TLS client has sent, if no byte was sent to it.
    pub(super) fn take_flight(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Plain => None,
            Self::Secure(session) => session.take_flight(),
        }
    }

    /// Returns whether TLS has failed. The next read returns the reason.
    pub(in crate::transport) fn has_failed(&self) -> bool {
        match self {
            Self::Plain => false,
            Self::Secure(session) => matches!(session.state(), State::Failed(_)),
        }
    }
}

impl Arrival {
    fn of(news: News) -> Self {
        Self {
            read: Read::News(news),
            length: 0,
            has_more: false,
        }
    }
}

impl Recipient<'_> {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Connection(connection) => connection.borrow_mut().receive(bytes),
            Self::Aside(aside) => {
                aside.try_reserve(bytes.len())?;
                aside.extend_from_slice(bytes);
            }
        }
        Ok(())
    }
}

fn receive_plain(descriptor: RawFd, recipient: Recipient<'_>) -> io::Result<Arrival> {
    let mut has_more = false;
    let read = |into: &mut [u8]| {
        let length = descriptor::receive(descriptor, into)?;
        has_more = length == into.len();
        Ok(length)
    };
    let length = match recipient {
        Recipient::Connection(connection) => connection.borrow_mut().read(read),
        Recipient::Aside(aside) => read_aside(aside, read),
    }?;
    if length == 0 {
        return Ok(Arrival::of(News::Ended));
    }
    Ok(Arrival {
        read: Read::Bytes(length),
        length,
        has_more,
    })
}

fn read_aside(
    aside: &mut Vec<u8>,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let before = aside.len();
    aside.try_reserve(ASIDE)?;
    aside.resize(before + ASIDE, 0);
    let result = read(aside.get_mut(before..).unwrap_or_default());
    aside.truncate(before + result.as_ref().unwrap_or(&0));
    result
}

fn receive_records(
    session: &mut Session,
    descriptor: RawFd,
    mut recipient: Recipient<'_>,
    records: &mut Vec<u8>,
) -> io::Result<Arrival> {
    // The event of the last read is reported after everything before it.
    match session.state() {
        State::Ended => return Ok(Arrival::of(News::Ended)),
        State::Failed(failure) => return Ok(Arrival::of(News::Refused(failure.clone()))),
        State::Handshaking | State::Established => {}
    }
    let was_handshaking = *session.state() == State::Handshaking;
    let mut taken = Ok(());
    let mut is_full_read = false;
    let length = session.read(
        records,
        |into| {
            let read = descriptor::receive(descriptor, into)?;
            is_full_read = read == into.len();
            Ok(read)
        },
        &mut |bytes| {
            if taken.is_ok() {
                taken = recipient.take(bytes);
            }
        },
    )?;
    taken?;
    if length == 0 {
        return Ok(Arrival::of(News::Ended));
    }
    let state = session.state().clone();
    let has_news = matches!(state, State::Ended | State::Failed(_));
    let read = match state {
        State::Handshaking => Read::Nothing,
        State::Failed(failure) if was_handshaking => Read::News(News::Refused(failure)),
        State::Established | State::Ended if was_handshaking => Read::News(News::Secured),
        State::Established | State::Ended | State::Failed(_) => Read::Bytes(length),
    };
    Ok(Arrival {
        read,
        length,
        has_more: is_full_read || has_news,
    })
}

/// Writes as many bytes as the kernel accepts. Returns their number.
fn send(descriptor: RawFd, bytes: &[u8], traffic: &mut Traffic) -> io::Result<usize> {
    descriptor::send_all(descriptor, bytes).inspect(|&sent| traffic.send(sent))
}

/// The number of bytes that one read requests to put them aside.
const ASIDE: usize = 16 * 1024;
