//! The TLS session of one connection: decrypts records from the peer, and encrypts bytes into
//! records.
//!
//! Stores received records that are incomplete, and encrypted bytes that are not written. The
//! caller provides the functions that read and write.

use std::io;
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{
    CommonState, Error, HandshakeKind, InvalidMessage, PeerIncompatible, ProtocolVersion,
};

use crate::buffer::{append, extend, grow};
use crate::clients::Verdict;
use crate::config::{Config, Version};
use crate::records::{CLOSE_NOTIFY, Kernel, Outcome, Records};
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

/// The part of TLS that is at work.
enum Tls {
    Client(Box<UnbufferedClientConnection>),
    Server(Box<UnbufferedServerConnection>, Accepted),
    Established(Box<Established>),
    /// The handshake has failed after rustls had passed its keys on.
    Lost,
}

/// The facts about a server's session that rustls does not keep.
struct Accepted {
    config: ServerConfig,
    choice: Choice,
    /// The bytes that the client has sent; `None` once an answer was queued.
    flight: Option<Vec<u8>>,
}

/// An established session.
struct Established {
    records: Records,
    agreement: Agreement,
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
    /// The name that a client has asked for. `None` at a client.
    pub name: Option<String>,
    /// A server's own certificate in DER. `None` at a client.
    pub own: Option<Arc<[u8]>>,
    pub is_resumed: bool,
    /// The verdict of a server about its client. `NotAsked` at a client.
    pub client: Verdict,
}

impl Session {
    /// Creates the session of a client. Returns `None` for an invalid name. An IP address is a
    /// valid name, which is not sent to the server.
    #[must_use]
    pub fn new(config: &Config, host: &str) -> Option<Self> {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let tls = UnbufferedClientConnection::new(config.0.clone(), name).ok()?;
        let mut session = Self::of(Tls::Client(Box::new(tls)));
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
        Some(Self::of(Tls::Server(Box::new(tls), accepted)))
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
    pub fn agreement(&self) -> Option<&Agreement> {
        match &self.tls {
            Tls::Established(established) => Some(&established.agreement),
            Tls::Client(_) | Tls::Server(..) | Tls::Lost => None,
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
            if self.pending() == 0 {
                self.queue_answers();
            }
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
            Tls::Server(
                _,
                Accepted {
                    flight: Some(flight),
                    ..
                },
            ) => extend(flight, bytes),
            Tls::Server(..) | Tls::Client(_) | Tls::Established(_) | Tls::Lost => Ok(()),
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
            Tls::Server(_, accepted) => accepted.flight.take(),
            Tls::Client(_) | Tls::Established(_) | Tls::Lost => None,
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
        // An answer with new keys precedes further plaintext: RFC 8446, section 4.6.3.
        self.queue_answers();
        self.queue(plaintext.get(taken..).unwrap_or_default(), scratch)?;
        if self.may_send() {
            if let Tls::Established(established) = &mut self.tls {
                established.records.close(&mut self.outgoing);
            }
            self.has_closed = true;
        }
        self.flush(&mut send)?;
        self.outgoing.drain(..self.written);
        self.written = 0;
        Ok(std::mem::take(&mut self.outgoing))
    }

    /// Writes pending bytes, and then the answers that have waited for them. Returns whether all were written.
    fn flush(&mut self, send: &mut impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<bool> {
        if !self.flush_pending(send)? {
            return Ok(false);
        }
        self.queue_answers();
        self.flush_pending(send)
    }

    fn flush_pending(
        &mut self,
        send: &mut impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<bool> {
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

    /// Encrypts the answers that the peer waits for. Only called while no other bytes wait, and at the end, so that a
    /// peer which asks and does not read makes the session store little.
    fn queue_answers(&mut self) {
        if !self.may_send() {
            return;
        }
        if let Tls::Established(established) = &mut self.tls
            && let Err(refusal) = established.records.answer(&mut self.outgoing)
        {
            self.state = State::Failed(Failure::Refused(refusal.reason.to_owned()));
        }
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
        let Tls::Established(established) = &mut self.tls else {
            return Ok(None);
        };
        let length = established.records.write(plaintext, scratch)?;
        if length.is_none() {
            let reason = "the keys of this connection are exhausted".to_owned();
            self.state = State::Failed(Failure::Refused(reason));
        }
        Ok(length)
    }

    /// Processes records. Returns the number of processed bytes.
    fn process(&mut self, bytes: &mut [u8], sink: &mut dyn FnMut(&[u8])) -> usize {
        let mut done = 0;
        if self.state == State::Handshaking {
            done = self.shake_hands(bytes, sink);
        }
        if let (State::Established, Tls::Established(established)) = (&self.state, &mut self.tls) {
            let rest = bytes.get_mut(done..).unwrap_or_default();
            let (length, outcome) = established.records.read(rest, &mut self.outgoing, sink);
            done += length;
            match outcome {
                Outcome::Open => {}
                Outcome::Ended => self.state = State::Ended,
                Outcome::Alert(alert) => self.state = State::Failed(Failure::Alert(alert)),
                Outcome::Refused(refusal) => {
                    self.state = State::Failed(Failure::Refused(refusal.reason.to_owned()));
                }
            }
        }
        done
    }

    /// Processes records of the handshake. Returns the number of processed bytes.
    fn shake_hands(&mut self, records: &mut [u8], sink: &mut dyn FnMut(&[u8])) -> usize {
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
                Tls::Established(_) | Tls::Lost => return done,
            };
            done += discard;
            match step {
                Step::Continues => {}
                Step::Blocked => return done,
                Step::HasTraffic => {
                    self.establish(State::Established);
                    return done;
                }
                Step::Ended => {
                    self.establish(State::Ended);
                    return done;
                }
                Step::Failed(error) => {
                    self.fail(&error, records.get_mut(done..).unwrap_or_default());
                    return done;
                }
            }
        }
    }

    /// Takes the keys from rustls if the handshake is complete.
    fn establish(&mut self, state: State) {
        let is_handshaking = self.tls.common().is_none_or(|tls| tls.is_handshaking());
        if is_handshaking {
            if state == State::Ended {
                self.state = State::Failed(Failure::Alert(CLOSE_NOTIFY));
            }
            return;
        }
        self.state = match self.tls.establish() {
            Some(()) => state,
            None => State::Failed(Failure::Refused("internal error".to_owned())),
        };
    }

    /// Fails the session, and queues the alert of rustls for the peer.
    fn fail(&mut self, error: &Error, records: &mut [u8]) {
        let reason = reason_of(error, records);
        self.state = State::Failed(match (error, reason) {
            (Error::AlertReceived(alert), _) => Failure::Alert(u8::from(*alert)),
            (_, Some(reason)) => Failure::Refused(reason.to_owned()),
            (other, None) => Failure::Refused(other.to_string()),
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
                Tls::Established(_) | Tls::Lost => false,
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
    /// Returns the state of rustls during the handshake.
    fn common(&self) -> Option<&CommonState> {
        match self {
            Self::Client(tls) => Some(tls),
            Self::Server(tls, _) => Some(tls),
            Self::Established(_) | Self::Lost => None,
        }
    }

    /// Takes the keys from rustls, and keeps the agreement.
    fn establish(&mut self) -> Option<()> {
        let tls = self.common()?;
        let version = match tls.protocol_version()? {
            ProtocolVersion::TLSv1_2 => Version::Tls12,
            ProtocolVersion::TLSv1_3 => Version::Tls13,
            _ => return None,
        };
        let certificates = tls.peer_certificates().unwrap_or_default().iter();
        let agreement = Agreement {
            version,
            cipher: tls.negotiated_cipher_suite()?.suite().as_str()?,
            protocol: tls.alpn_protocol().map(<[u8]>::to_vec),
            certificates: certificates.map(|each| each.to_vec()).collect(),
            name: None,
            own: None,
            is_resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
            client: Verdict::NotAsked,
        };
        let established = match std::mem::replace(self, Self::Lost) {
            Self::Client(tls) => {
                let (secrets, kernel) = tls.dangerous_into_kernel_connection().ok()?;
                Established {
                    records: Records::new(version, secrets, Kernel::Client(kernel))?,
                    agreement,
                }
            }
            Self::Server(tls, Accepted { config, choice, .. }) => {
                let (secrets, kernel) = tls.dangerous_into_kernel_connection().ok()?;
                Established {
                    records: Records::new(version, secrets, Kernel::Server(kernel))?,
                    agreement: Agreement {
                        client: config.examine(&choice, &agreement.certificates),
                        name: choice.name.map(String::from),
                        own: choice.own,
                        ..agreement
                    },
                }
            }
            Self::Established(_) | Self::Lost => return None,
        };
        *self = Self::Established(Box::new(established));
        Some(())
    }
}

/// Returns OpenSSL's reason for an error of a server, if there is an equivalent.
fn reason_of(error: &Error, records: &[u8]) -> Option<&'static str> {
    Some(match error {
        Error::NoApplicationProtocol => "no application protocol",
        Error::NoCertificatesPresented => "peer did not return a certificate",
        Error::DecryptError => "decryption failed or bad record mac",
        Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => "unsupported protocol",
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => "no shared cipher",
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => match records.get(..5)? {
            b"GET /" | b"POST " | b"HEAD " | b"PUT /" => "http request",
            b"CONNE" => "https proxy request",
            _ => "wrong version number",
        },
        Error::InvalidMessage(InvalidMessage::MessageTooLarge) => "packet length too long",
        _ => return None,
    })
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

/// The maximum number of bytes read or encrypted at once. Like libuv: a program that stops reading must not learn of the
/// peer's end earlier than from Node's socket.
const CHUNK: usize = 64 * 1024;
/// More than any handshake message that rustls accepts, in records of ordinary size.
const MAX_HELD: usize = 128 * 1024;
const IDLE_CAPACITY: usize = 1024;
/// Types of records, RFC 8446, section 5.1.
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is the report")]
mod tests {
    use super::*;
    use crate::{Anchors, Clients, Context, ServerSettings, Settings};
    use rcgen::{CertificateParams, KeyPair};

    /// Returns two ends of one session, and a buffer.
    fn established(versions: (Version, Version)) -> (Session, Session, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let server = ServerConfig::new(ServerSettings {
            default: Context {
                identities: vec![(vec![der], key.serialize_der())],
                anchors: Arc::new(Anchors::new([])),
            },
            contexts: Vec::new(),
            versions,
            protocols: Vec::new(),
            clients: Clients::Anonymous,
            tickets: None,
        });
        let client = Config::new(Settings {
            anchors: None,
            versions,
            protocols: Vec::new(),
            identity: None,
        });
        let mut ends = (
            Session::new(&client.unwrap(), "localhost").unwrap(),
            Session::accept(&server.unwrap()).unwrap(),
        );
        let mut scratch = Vec::new();
        for _ in 0..3 {
            pass(&mut ends.0, &mut ends.1, b"", &mut scratch);
            pass(&mut ends.1, &mut ends.0, b"", &mut scratch);
        }
        assert_eq!(*ends.1.state(), State::Established);
        (ends.0, ends.1, scratch)
    }

    /// Writes at one end and reads at the other. Returns the plaintext that arrives.
    fn pass(from: &mut Session, to: &mut Session, text: &[u8], scratch: &mut Vec<u8>) -> Vec<u8> {
        let mut wire = Vec::new();
        let send = |bytes: &[u8]| {
            wire.extend_from_slice(bytes);
            Ok(bytes.len())
        };
        from.write(text, scratch, send).unwrap();
        let mut received = Vec::new();
        let read = |into: &mut [u8]| {
            into[..wire.len()].copy_from_slice(&wire);
            Ok(wire.len())
        };
        let sink = &mut |bytes: &[u8]| received.extend_from_slice(bytes);
        to.read(scratch, read, sink).unwrap();
        received
    }

    /// Sets the number of the next record at both ends.
    fn jump(from: &mut Session, to: &mut Session, number: u64) {
        for (end, is_writing) in [(from, true), (to, false)] {
            let Tls::Established(established) = &mut end.tls else {
                panic!("no session")
            };
            established.records.jump(is_writing, number);
        }
    }

    /// RFC 8446, section 5.5: an AES key encrypts at most 2^24.5 records.
    #[test]
    fn a_worn_key_is_replaced_with_tls_1_3() {
        let (mut client, mut server, mut scratch) = established((Version::Tls13, Version::Tls13));
        jump(&mut client, &mut server, (1 << 24) - 1);
        for (text, expected) in [(b"1", 1 << 24), (b"2", 1), (b"3", 2)] {
            let received = pass(&mut client, &mut server, text, &mut scratch);
            assert_eq!(received, text);
            let Tls::Established(established) = &client.tls else {
                panic!("no session")
            };
            assert_eq!(established.records.written(), expected);
        }
    }

    /// RFC 8446, section 5.3, and RFC 5246, section 6.1: the numbers of records do not wrap.
    #[test]
    fn the_last_number_ends_the_session() {
        let (mut client, mut server, mut scratch) = established((Version::Tls12, Version::Tls12));
        jump(&mut client, &mut server, u64::MAX - 1);
        let received = pass(&mut client, &mut server, b"last", &mut scratch);
        assert_eq!(received, b"last");
        let received = pass(&mut client, &mut server, b"more", &mut scratch);
        assert!(received.is_empty() && client.pending() == 0);
        assert!(matches!(client.state(), State::Failed(Failure::Refused(_))));
    }
}
