//! The TLS session of one connection: decrypts records from the server, and encrypts bytes into
//! records.
//!
//! Stores received records that are incomplete, and encrypted bytes that are not written. The
//! caller provides the functions that read and write.

use std::io;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncryptError, UnbufferedStatus, WriteTraffic};
use rustls::{AlertDescription, Error, ProtocolVersion};

use crate::buffer::{append, extend, grow};
use crate::config::{Config, Version};

/// The client's end of a session.
pub struct Session {
    tls: UnbufferedClientConnection,
    state: State,
    /// The beginning of a record or of a handshake message.
    held: Vec<u8>,
    /// The encrypted bytes. Those from `written` on are not written yet.
    outgoing: Vec<u8>,
    written: usize,
    has_closed: bool,
}

/// The state of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// During the handshake. No plaintext is encrypted.
    Handshaking,
    /// The server is authenticated.
    Established,
    /// The server has sent `close_notify`.
    Ended,
    Failed(Failure),
}

/// The reason why a session failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The server sent an alert with this number.
    Alert(u8),
    /// We refuse the server's records or certificate.
    Refused(String),
}

/// The result of the handshake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Agreement {
    pub version: Version,
    /// The name of the cipher suite in rustls.
    pub cipher: &'static str,
    /// The chosen application protocol, if any.
    pub protocol: Option<Vec<u8>>,
    /// The server's certificates in DER, its own first.
    pub certificates: Vec<Vec<u8>>,
}

impl Session {
    /// Creates a session. Returns `None` for an invalid name. An IP address is a valid name, which
    /// is not sent to the server.
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

    /// Returns the result of the handshake, and `None` before its end.
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

    /// Returns the number of encrypted bytes that are not written.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.outgoing.len() - self.written
    }

    /// Reads once, and passes the decrypted bytes to `sink`. Returns the number of bytes read.
    /// Discards bytes after the end of TLS.
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

    /// Writes pending bytes and then `plaintext`, while `send` accepts all bytes. Returns the
    /// number of plaintext bytes that were encrypted.
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
            // Records of rustls, such as new keys, come first.
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

    /// Encrypts bytes, to be sent with the next write.
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

    /// Sends the last bytes: pending bytes, this plaintext, and `close_notify`. Returns the bytes
    /// that `send` did not accept.
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

    /// Writes pending bytes. Returns whether all were written.
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

    /// Returns whether plaintext may be sent. RFC 8446, section 6.1: the server's `close_notify`
    /// does not end our direction.
    fn may_send(&self) -> bool {
        match self.state {
            State::Established | State::Ended => !self.has_closed,
            State::Handshaking | State::Failed(_) => false,
        }
    }

    /// Encrypts bytes into the front of `scratch`. Returns the length of the records, and `None`
    /// when the keys are exhausted.
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
        // These bytes were processed before, but rustls requires them again.
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
                            let reason = "the keys of this connection are exhausted".to_owned();
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
                // Both ends have sent `close_notify`.
                Ok(ConnectionState::PeerClosed) => {}
                Ok(_) | Err(_) => break,
            }
        }
        held.drain(..done.min(held.len()));
        self.held = held;
        result
    }

    /// Processes records. Returns the number of processed bytes.
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

    /// Fails the session, and queues the alert of rustls for the server.
    fn fail(&mut self, error: &Error, records: &mut [u8]) {
        self.state = State::Failed(match error {
            Error::AlertReceived(AlertDescription::CloseNotify) => Failure::Alert(CLOSE_NOTIFY),
            Error::AlertReceived(alert) => Failure::Alert(u8::from(*alert)),
            other => Failure::Refused(other.to_string()),
        });
        if matches!(error, Error::AlertReceived(_)) {
            return;
        }
        // Handshake records may precede the alert. After the alert, rustls must not be called
        // again.
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

/// The maximum number of bytes read or encrypted at once.
const CHUNK: usize = 64 * 1024;
/// RFC 8446, section 5.1.
const MAX_RECORD: usize = 16 * 1024;
/// More than the sum of a header, a nonce and a tag.
const OVERHEAD: usize = 64;
/// More than any handshake message that rustls accepts, in records of ordinary size.
const MAX_HELD: usize = 128 * 1024;
const MAX_STEPS: usize = 16;
const IDLE_CAPACITY: usize = 1024;
const CLOSE_NOTIFY: u8 = 0;
/// Types of records, RFC 8446, section 5.1.
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
