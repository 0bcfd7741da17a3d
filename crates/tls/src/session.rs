//! The TLS session of one connection: decrypts records from the peer, and encrypts bytes into
//! records.
//!
//! Stores received records that are incomplete, and encrypted bytes that are not written. The
//! caller provides the functions that read and write.

use std::io;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncryptError, UnbufferedStatus, WriteTraffic};
use rustls::{AlertDescription, CommonState, Error, HandshakeKind, ProtocolVersion};

use crate::buffer::{append, extend, grow};
use crate::config::{Config, Version};
use crate::server::{Choice, ServerConfig, take_choice};

/// One end of a session.
pub struct Session {
    tls: Tls,
    state: State,
    /// The beginning of a record or of a handshake message.
    held: Vec<u8>,
    /// The encrypted bytes. Those from `written` on are not written yet.
    outgoing: Vec<u8>,
    written: usize,
    has_closed: bool,
}

enum Tls {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection, Accepted),
}

/// The facts about a server's session that rustls does not keep.
struct Accepted {
    #[allow(dead_code, reason = "the verdict about clients follows")]
    config: ServerConfig,
    choice: Choice,
    /// The bytes that the client has sent; `None` once an answer was queued.
    flight: Option<Vec<u8>>,
}

/// The state of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// During the handshake. No plaintext is encrypted.
    Handshaking,
    /// The handshake is complete. At a client, the server is authenticated.
    Established,
    /// The peer has sent `close_notify`.
    Ended,
    Failed(Failure),
}

/// The reason why a session failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The peer sent an alert with this number.
    Alert(u8),
    /// We refuse the peer's records or certificate.
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
    /// The peer's certificates in DER, its own first.
    pub certificates: Vec<Vec<u8>>,
    /// The certificate of a server itself, in DER. `None` at a client.
    pub own: Option<Vec<u8>>,
    /// The name that a client has asked for. `None` at a client.
    pub name: Option<String>,
    pub is_resumed: bool,
}

impl Session {
    /// Creates the session of a client. Returns `None` for an invalid name. An IP address is a
    /// valid name, which is not sent to the server.
    #[must_use]
    pub fn new(config: &Config, host: &str) -> Option<Self> {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let tls = UnbufferedClientConnection::new(config.0.clone(), name).ok()?;
        let mut session = Self::of(Tls::Client(tls));
        session.process(&mut [], &mut |_| {});
        Some(session)
    }

    /// Creates the session of a server. Returns `None` if rustls refuses the configuration.
    #[must_use]
    pub fn accept(config: &ServerConfig) -> Option<Self> {
        let tls = UnbufferedServerConnection::new(config.tls.clone()).ok()?;
        let accepted = Accepted {
            config: config.clone(),
            choice: Choice::default(),
            flight: Some(Vec::new()),
        };
        Some(Self::of(Tls::Server(tls, accepted)))
    }

    fn of(tls: Tls) -> Self {
        Self {
            tls,
            state: State::Handshaking,
            held: Vec::new(),
            outgoing: Vec::new(),
            written: 0,
            has_closed: false,
        }
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the result of the handshake, and `None` before its end.
    #[must_use]
    pub fn agreement(&self) -> Option<Agreement> {
        let tls = self.tls.common();
        if self.state == State::Handshaking {
            return None;
        }
        let version = match tls.protocol_version()? {
            ProtocolVersion::TLSv1_2 => Version::Tls12,
            ProtocolVersion::TLSv1_3 => Version::Tls13,
            _ => return None,
        };
        let certificates = tls.peer_certificates().unwrap_or_default().iter();
        Some(Agreement {
            version,
            cipher: tls.negotiated_cipher_suite()?.suite().as_str()?,
            protocol: tls.alpn_protocol().map(<[u8]>::to_vec),
            certificates: certificates.map(|each| each.to_vec()).collect(),
            own: self.choice().and_then(Choice::certificate),
            name: self
                .choice()
                .and_then(|choice| choice.name.as_deref().map(str::to_owned)),
            is_resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
        })
    }

    fn choice(&self) -> Option<&Choice> {
        match &self.tls {
            Tls::Client(_) => None,
            Tls::Server(_, accepted) => Some(&accepted.choice),
        }
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
            self.remember(bytes.get(start..).unwrap_or_default())?;
            let done = self.process(bytes, sink);
            self.answer();
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

    /// Stores bytes of a client that has no answer yet.
    fn remember(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Tls::Client(_) => Ok(()),
            Tls::Server(_, accepted) => match &mut accepted.flight {
                Some(flight) => extend(flight, bytes),
                None => Ok(()),
            },
        }
    }

    /// Decides what follows the bytes of a client that had no answer. An answer makes the stored
    /// bytes useless. A refusal is left to another implementation, so its alert is not sent.
    fn answer(&mut self) {
        let Tls::Server(_, accepted) = &mut self.tls else {
            return;
        };
        let Some(flight) = &accepted.flight else {
            return;
        };
        if matches!(self.state, State::Handshaking) && flight.len() > MAX_HELD {
            let reason = format!("{} bytes without a complete message", flight.len());
            self.state = State::Failed(Failure::Refused(reason));
        }
        match self.state {
            State::Failed(_) => self.outgoing.clear(),
            State::Handshaking if self.outgoing.is_empty() => {}
            State::Handshaking | State::Established | State::Ended => accepted.flight = None,
        }
    }

    /// Takes the bytes that a client has sent, if no byte was sent to it.
    pub fn take_flight(&mut self) -> Option<Vec<u8>> {
        match &mut self.tls {
            Tls::Client(_) => None,
            Tls::Server(_, accepted) => accepted.flight.take(),
        }
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
            let length = self.seal(Seal::CloseNotify, scratch);
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
        Ok(self.seal(Seal::Plaintext(plaintext), scratch))
    }

    fn seal(&mut self, what: Seal<'_>, scratch: &mut Vec<u8>) -> Option<usize> {
        // These bytes were processed before, but rustls requires them again.
        let mut held = std::mem::take(&mut self.held);
        let mut done = 0;
        let mut result = None;
        for _ in 0..MAX_STEPS {
            let rest = held.get_mut(done..).unwrap_or_default();
            let outgoing = &mut self.outgoing;
            let (discard, step) = match &mut self.tls {
                Tls::Client(tls) => what.step(tls.process_tls_records(rest), outgoing, scratch),
                Tls::Server(tls, _) => what.step(tls.process_tls_records(rest), outgoing, scratch),
            };
            done += discard;
            match step {
                Sealing::Continues => {}
                Sealing::Sealed(length) => {
                    result = Some(length);
                    break;
                }
                Sealing::Exhausted => {
                    let reason = "the keys of this connection are exhausted".to_owned();
                    self.state = State::Failed(Failure::Refused(reason));
                    break;
                }
                Sealing::Impossible => break,
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
            let outgoing = &mut self.outgoing;
            let (discard, step) = match &mut self.tls {
                Tls::Client(tls) => step(tls.process_tls_records(rest), outgoing, sink),
                Tls::Server(tls, accepted) => {
                    let result = step(tls.process_tls_records(rest), outgoing, sink);
                    if let Some(choice) = take_choice() {
                        accepted.choice = choice;
                    }
                    result
                }
            };
            done += discard;
            match step {
                Step::Continues => {}
                Step::Blocked => return done,
                Step::HasTraffic => {
                    if self.state == State::Handshaking && !self.tls.common().is_handshaking() {
                        self.state = State::Established;
                    }
                    return done;
                }
                Step::Ended => {
                    self.end();
                    return done;
                }
                Step::Failed(error) => {
                    self.fail(&error, records.get_mut(done..).unwrap_or_default());
                    return done;
                }
            }
        }
    }

    fn end(&mut self) {
        // One read may contain the end of the handshake and the end of TLS.
        let is_early = self.tls.common().is_handshaking();
        self.state = match self.state {
            State::Handshaking if is_early => State::Failed(Failure::Alert(CLOSE_NOTIFY)),
            State::Handshaking => State::Ended,
            State::Established | State::Ended | State::Failed(_) => State::Ended,
        };
    }

    /// Fails the session, and queues the alert of rustls for the peer.
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
            let outgoing = &mut self.outgoing;
            let is_encoded = match &mut self.tls {
                Tls::Client(tls) => encode(tls.process_tls_records(records), outgoing),
                Tls::Server(tls, _) => encode(tls.process_tls_records(records), outgoing),
            };
            if !is_encoded {
                return;
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

impl Tls {
    fn common(&self) -> &CommonState {
        match self {
            Self::Client(tls) => tls,
            Self::Server(tls, _) => tls,
        }
    }
}

/// The result of one step of rustls.
enum Step {
    Continues,
    /// More records are needed.
    Blocked,
    /// Plaintext may be sent.
    HasTraffic,
    /// The peer has sent `close_notify`.
    Ended,
    Failed(Error),
}

/// Handles one step. Returns the number of processed bytes.
fn step<D>(
    status: UnbufferedStatus<'_, '_, D>,
    outgoing: &mut Vec<u8>,
    sink: &mut dyn FnMut(&[u8]),
) -> (usize, Step) {
    let UnbufferedStatus {
        mut discard, state, ..
    } = status;
    let step = match state {
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            while let Some(Ok(record)) = traffic.next_record() {
                discard += record.discard;
                sink(record.payload);
            }
            Step::Continues
        }
        Ok(ConnectionState::EncodeTlsData(mut data)) => {
            let _ = append(outgoing, |into| data.encode(into));
            Step::Continues
        }
        Ok(ConnectionState::TransmitTlsData(transmit)) => {
            transmit.done();
            Step::Continues
        }
        Ok(ConnectionState::WriteTraffic(_)) => Step::HasTraffic,
        Ok(ConnectionState::PeerClosed) => Step::Ended,
        Ok(_) => Step::Blocked,
        Err(error) => Step::Failed(error),
    };
    (discard, step)
}

/// Encodes a record if rustls has one.
fn encode<D>(status: UnbufferedStatus<'_, '_, D>, outgoing: &mut Vec<u8>) -> bool {
    match status.state {
        Ok(ConnectionState::EncodeTlsData(mut data)) => {
            let _ = append(outgoing, |into| data.encode(into));
            true
        }
        Ok(_) | Err(_) => false,
    }
}

/// The content of records to encrypt.
#[derive(Clone, Copy)]
enum Seal<'a> {
    Plaintext(&'a [u8]),
    CloseNotify,
}

/// The result of one step towards an encrypted record.
enum Sealing {
    Continues,
    /// The length of the records.
    Sealed(usize),
    Exhausted,
    Impossible,
}

impl Seal<'_> {
    /// Handles one step. Returns the number of processed bytes.
    fn step<D>(
        self,
        status: UnbufferedStatus<'_, '_, D>,
        outgoing: &mut Vec<u8>,
        scratch: &mut Vec<u8>,
    ) -> (usize, Sealing) {
        let UnbufferedStatus { discard, state, .. } = status;
        let sealing = match state {
            Ok(ConnectionState::WriteTraffic(traffic)) => self.seal(traffic, scratch),
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                let _ = append(outgoing, |into| data.encode(into));
                Sealing::Continues
            }
            Ok(ConnectionState::TransmitTlsData(mut transmit)) => {
                transmit.may_encrypt_app_data();
                transmit.done();
                Sealing::Continues
            }
            // Both ends have sent `close_notify`.
            Ok(ConnectionState::PeerClosed) => Sealing::Continues,
            Ok(_) | Err(_) => Sealing::Impossible,
        };
        (discard, sealing)
    }

    fn seal<D>(self, mut traffic: WriteTraffic<'_, D>, scratch: &mut Vec<u8>) -> Sealing {
        let result = match self {
            Self::Plaintext(plaintext) => traffic.encrypt(plaintext, scratch),
            Self::CloseNotify => traffic.queue_close_notify(scratch),
        };
        match result {
            Ok(length) => Sealing::Sealed(length),
            Err(EncryptError::InsufficientSize(error)) => {
                scratch.resize(error.required_size, 0);
                Sealing::Continues
            }
            Err(EncryptError::EncryptExhausted) => Sealing::Exhausted,
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
