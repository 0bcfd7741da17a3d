//! One connection's TLS: records from the server become bytes, and bytes become records.
//!
//! Knows what has been received and not understood, and what has been encrypted and not written. Reads
//! and writes by functions that it is given.

use std::io;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic,
};
use rustls::{AlertDescription, Error, ProtocolVersion};

use crate::config::{Config, Version};

/// The client's end.
pub struct Session {
    tls: UnbufferedClientConnection,
    state: State,
    /// The beginning of a record, or of a message of the handshake.
    held: Vec<u8>,
    /// What is to be written, from `written` on.
    outgoing: Vec<u8>,
    written: usize,
    has_closed: bool,
}

/// Where a session stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// Nothing of the caller's is encrypted yet.
    Handshaking,
    /// The server is who it says.
    Established,
    /// The server has said goodbye.
    Ended,
    Failed(Failure),
}

/// Why it cannot go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The server has said so, with the number of this alert.
    Alert(u8),
    /// What the server says makes no sense to us, or is not believed.
    Refused(String),
}

/// What client and server have agreed on, and who the server is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Agreement {
    pub version: Version,
    /// As rustls names it.
    pub cipher: &'static str,
    /// The application protocol, if one was chosen.
    pub protocol: Option<Vec<u8>>,
    /// The certificates that the server has sent, in DER, its own first.
    pub certificates: Vec<Vec<u8>>,
}

impl Session {
    /// None for what is no name of a server. An address is one, which is not sent to the server.
    #[must_use]
    pub fn new(config: &Config, host: &str) -> Option<Self> {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let tls = UnbufferedClientConnection::new(config.0.clone(), name).ok()?;
        let mut session = Self {
            tls,
            state: State::Handshaking,
            held: Vec::new(),
            outgoing: Vec::new(),
            written: 0,
            has_closed: false,
        };
        session.process(&mut [], &mut |_| {});
        Some(session)
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// None before the end of the handshake.
    #[must_use]
    pub fn agreement(&self) -> Option<Agreement> {
        let version = match self.tls.protocol_version()? {
            ProtocolVersion::TLSv1_2 => Version::Tls12,
            ProtocolVersion::TLSv1_3 => Version::Tls13,
            _ => return None,
        };
        let certificates = self.tls.peer_certificates()?.iter();
        Some(Agreement {
            version,
            cipher: self.tls.negotiated_cipher_suite()?.suite().as_str()?,
            protocol: self.tls.alpn_protocol().map(<[u8]>::to_vec),
            certificates: certificates.map(|each| each.to_vec()).collect(),
        })
    }

    /// Bytes encrypted and not written.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.outgoing.len() - self.written
    }

    /// Reads once, and gives what that contains to `sink`. How many bytes have been read. What comes behind
    /// the end is nobody's.
    pub fn read(
        &mut self,
        scratch: &mut Vec<u8>,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
        sink: &mut dyn FnMut(&[u8]),
    ) -> io::Result<usize> {
        let start = self.held.len();
        grow(scratch, start + CHUNK)?;
        let (before, rest) = scratch.split_at_mut(start);
        before.copy_from_slice(&self.held);
        let read = read(rest.get_mut(..CHUNK).unwrap_or_default())?;
        if read > 0 && self.is_alive() {
            let bytes = scratch.get_mut(..start + read).unwrap_or_default();
            let done = self.process(bytes, sink);
            self.held.clear();
            extend(&mut self.held, bytes.get(done..).unwrap_or_default())?;
            if self.held.is_empty() {
                self.held.shrink_to(0);
            } else if self.held.len() > MAX_HELD && self.is_alive() {
                let reason = format!("{} bytes without a complete message", self.held.len());
                self.state = State::Failed(Failure::Refused(reason));
            }
        }
        Ok(read)
    }

    /// Writes what waits, and then `plaintext`, as long as `send` takes everything. How much of the
    /// plaintext has been encrypted.
    pub fn write(
        &mut self,
        plaintext: &[u8],
        scratch: &mut Vec<u8>,
        mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if !self.flush(&mut send)? {
            return Ok(0);
        }
        let mut taken = 0;
        while taken < plaintext.len() && self.may_send() {
            let rest = plaintext.get(taken..).unwrap_or_default();
            let piece = rest.get(..CHUNK).unwrap_or(rest);
            let Some(length) = self.encrypt(piece, scratch)? else {
                break;
            };
            taken += piece.len();
            let records = scratch.get(..length).unwrap_or_default();
            // Records of rustls's own, such as new keys, come first.
            let sent = if self.outgoing.is_empty() {
                send(records)?
            } else {
                0
            };
            let rest = records.get(sent..).unwrap_or_default();
            extend(&mut self.outgoing, rest)?;
            if !rest.is_empty() && !self.flush(&mut send)? {
                break;
            }
        }
        Ok(taken)
    }

    /// Encrypts bytes that go out with the next write.
    fn queue(&mut self, plaintext: &[u8], scratch: &mut Vec<u8>) -> io::Result<()> {
        let mut rest = plaintext;
        while !rest.is_empty() && self.may_send() {
            let piece = rest.get(..CHUNK).unwrap_or(rest);
            let Some(length) = self.encrypt(piece, scratch)? else {
                break;
            };
            rest = rest.get(piece.len()..).unwrap_or_default();
            extend(
                &mut self.outgoing,
                scratch.get(..length).unwrap_or_default(),
            )?;
        }
        Ok(())
    }

    /// The last words: what waits, this plaintext, and the goodbye. What `send` has left of them.
    pub fn close(
        &mut self,
        plaintext: &[u8],
        scratch: &mut Vec<u8>,
        mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<Vec<u8>> {
        let taken = self.write(plaintext, scratch, &mut send)?;
        self.queue(plaintext.get(taken..).unwrap_or_default(), scratch)?;
        if self.may_send() {
            let length =
                self.with_traffic(scratch, |traffic, into| traffic.queue_close_notify(into));
            let records = scratch.get(..length.unwrap_or(0)).unwrap_or_default();
            self.outgoing.extend_from_slice(records);
            self.has_closed = true;
        }
        self.flush(&mut send)?;
        self.outgoing.drain(..self.written);
        self.written = 0;
        Ok(std::mem::take(&mut self.outgoing))
    }

    /// Whether everything that waited has been written.
    fn flush(&mut self, send: &mut impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<bool> {
        let waiting = self.outgoing.get(self.written..).unwrap_or_default();
        if !waiting.is_empty() {
            self.written += send(waiting)?;
        }
        if self.written < self.outgoing.len() {
            return Ok(false);
        }
        self.written = 0;
        self.outgoing.clear();
        self.outgoing.shrink_to(IDLE_CAPACITY);
        Ok(true)
    }

    fn is_alive(&self) -> bool {
        match self.state {
            State::Handshaking | State::Established => true,
            State::Ended | State::Failed(_) => false,
        }
    }

    /// RFC 8446, section 6.1: the server's goodbye does not end what we have to say.
    fn may_send(&self) -> bool {
        match self.state {
            State::Established | State::Ended => !self.has_closed,
            State::Handshaking | State::Failed(_) => false,
        }
    }

    /// Records of these bytes, at the start of `scratch`. None when the keys are used up.
    fn encrypt(&mut self, plaintext: &[u8], scratch: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let needed = plaintext.len() + (plaintext.len() / MAX_RECORD + 1) * OVERHEAD;
        grow(scratch, needed)?;
        Ok(self.with_traffic(scratch, |traffic, into| traffic.encrypt(plaintext, into)))
    }

    fn with_traffic(
        &mut self,
        scratch: &mut Vec<u8>,
        mut encrypt: impl FnMut(
            &mut WriteTraffic<'_, ClientConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> Option<usize> {
        // What is held has been looked at before, but rustls wants to have it at hand.
        let mut held = std::mem::take(&mut self.held);
        let mut done = 0;
        let mut result = None;
        for _ in 0..MAX_STEPS {
            let rest = held.get_mut(done..).unwrap_or_default();
            let UnbufferedStatus { discard, state, .. } = self.tls.process_tls_records(rest);
            done += discard;
            match state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    match encrypt(&mut traffic, scratch) {
                        Ok(length) => result = Some(length),
                        Err(EncryptError::InsufficientSize(error)) => {
                            scratch.resize(error.required_size, 0);
                            continue;
                        }
                        Err(EncryptError::EncryptExhausted) => {
                            let reason = "the keys of this connection are used up".to_owned();
                            self.state = State::Failed(Failure::Refused(reason));
                        }
                    }
                    break;
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let _ = append(&mut self.outgoing, |into| data.encode(into));
                }
                Ok(ConnectionState::TransmitTlsData(mut transmit)) => {
                    transmit.may_encrypt_app_data();
                    transmit.done();
                }
                // Both ends have said goodbye.
                Ok(ConnectionState::PeerClosed) => {}
                Ok(_) | Err(_) => break,
            }
        }
        held.drain(..done.min(held.len()));
        self.held = held;
        result
    }

    /// Works through records. How many bytes of them are done with.
    fn process(&mut self, records: &mut [u8], sink: &mut dyn FnMut(&[u8])) -> usize {
        let mut done = 0;
        loop {
            let rest = records.get_mut(done..).unwrap_or_default();
            let UnbufferedStatus {
                mut discard, state, ..
            } = self.tls.process_tls_records(rest);
            let mut goes_on = true;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        discard += record.discard;
                        sink(record.payload);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let _ = append(&mut self.outgoing, |into| data.encode(into));
                }
                Ok(ConnectionState::TransmitTlsData(transmit)) => transmit.done(),
                Ok(ConnectionState::WriteTraffic(_)) => {
                    if self.state == State::Handshaking {
                        self.state = State::Established;
                    }
                    goes_on = false;
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.end();
                    goes_on = false;
                }
                Ok(_) => goes_on = false,
                Err(error) => {
                    done += discard;
                    self.fail(&error, records.get_mut(done..).unwrap_or_default());
                    return done;
                }
            }
            done += discard;
            if !goes_on {
                return done;
            }
        }
    }

    fn end(&mut self) {
        self.state = match self.state {
            State::Handshaking => State::Failed(Failure::Alert(CLOSE_NOTIFY)),
            State::Established | State::Ended | State::Failed(_) => State::Ended,
        };
    }

    /// Takes the alert that rustls has for the server.
    fn fail(&mut self, error: &Error, records: &mut [u8]) {
        self.state = State::Failed(match error {
            Error::AlertReceived(AlertDescription::CloseNotify) => Failure::Alert(CLOSE_NOTIFY),
            Error::AlertReceived(alert) => Failure::Alert(u8::from(*alert)),
            other => Failure::Refused(other.to_string()),
        });
        if matches!(error, Error::AlertReceived(_)) {
            return;
        }
        // The alert may have records of the handshake before it. Behind it rustls must not be asked again.
        loop {
            let start = self.outgoing.len();
            match self.tls.process_tls_records(records).state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let _ = append(&mut self.outgoing, |into| data.encode(into));
                }
                Ok(_) | Err(_) => return,
            }
            if !matches!(
                self.outgoing.get(start),
                Some(&(CHANGE_CIPHER_SPEC | HANDSHAKE))
            ) {
                return;
            }
        }
    }
}

/// Gives a buffer at least that length. An error when there is no memory for it.
fn grow(buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    if let Some(missing) = length.checked_sub(buffer.len()) {
        buffer.try_reserve(missing)?;
        buffer.resize(length, 0);
    }
    Ok(())
}

/// Appends bytes. An error when there is no memory for them.
fn extend(to: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    to.try_reserve(bytes.len())?;
    to.extend_from_slice(bytes);
    Ok(())
}

/// Has rustls encode one of its own records.
fn append(
    to: &mut Vec<u8>,
    mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<(), EncodeError> {
    let start = to.len();
    if let Err(EncodeError::InsufficientSize(error)) = encode(&mut []) {
        to.resize(start + error.required_size, 0);
        let written = encode(to.get_mut(start..).unwrap_or_default())?;
        to.truncate(start + written);
    }
    Ok(())
}

/// What is read and encrypted at a time.
const CHUNK: usize = 64 * 1024;
/// RFC 8446, section 5.1.
const MAX_RECORD: usize = 16 * 1024;
/// More than a header, a nonce and a tag.
const OVERHEAD: usize = 64;
/// Longer than every message of a handshake that rustls takes, in records of a decent size.
const MAX_HELD: usize = 128 * 1024;
const MAX_STEPS: usize = 16;
const IDLE_CAPACITY: usize = 1024;
const CLOSE_NOTIFY: u8 = 0;
/// Types of records: RFC 8446, section 5.1.
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
