//! Sessions with a server of rustls, in memory.

#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::cell::RefCell;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use faye_websocket_tls::{Anchors, Config, Failure, Session, Settings, State, Version};
use faye_websocket_tls_testing::Subject;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection};

/// Returns an authority's certificate, and a server with a certificate of that authority for
/// `localhost`.
fn server(version: Version) -> (Vec<u8>, ServerConnection) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[if version == Version::Tls12 {
            &TLS12
        } else {
            &TLS13
        }])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let mut server = ServerConnection::new(Arc::new(config)).unwrap();
    server.set_buffer_limit(None);
    (root.der().to_vec(), server)
}

fn client(anchors: Option<Vec<u8>>, host: &str) -> Session {
    let config = Config::new(Settings {
        anchors: anchors.map(|der| Arc::new(Anchors::new([der]))),
        versions: (Version::Tls12, Version::Tls13),
        protocols: Vec::new(),
        identity: None,
    });
    Session::new(&config.unwrap(), host).unwrap()
}

/// A client and a server, and the bytes that have arrived at each.
struct Pair {
    client: Subject,
    server: ServerConnection,
    /// The maximum number of bytes read and written at once.
    step: usize,
    at_server: Vec<u8>,
}

impl Pair {
    fn new(version: Version, step: usize) -> Self {
        let (root, server) = server(version);
        Self::of(client(Some(root), "localhost"), server, step)
    }

    fn of(client: Session, server: ServerConnection, step: usize) -> Self {
        Self {
            client: Subject::new(client),
            server,
            step,
            at_server: Vec::new(),
        }
    }

    /// Writes `plaintext` as if the kernel accepted a few bytes at a time.
    fn write(&mut self, mut plaintext: &[u8]) {
        loop {
            let wire = RefCell::new(Vec::new());
            let send = |bytes: &[u8]| {
                let mut wire = wire.borrow_mut();
                let length = bytes.len().min(self.step.saturating_sub(wire.len()));
                wire.extend_from_slice(&bytes[..length]);
                Ok(length)
            };
            let taken = self.client.write_to(plaintext, send).unwrap();
            plaintext = &plaintext[taken..];
            self.give_server(&wire.into_inner());
            if plaintext.is_empty() && self.client.session.pending() == 0 {
                return;
            }
        }
    }

    fn give_server(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.server.read_tls(&mut bytes).unwrap();
            let _ = self.server.process_new_packets();
            let mut buffer = [0; 20_000];
            while let Ok(length @ 1..) = self.server.reader().read(&mut buffer) {
                self.at_server.extend_from_slice(&buffer[..length]);
            }
        }
    }

    /// Delivers the server's output, a few bytes at a time.
    fn read(&mut self) -> usize {
        let mut wire = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut wire).unwrap();
        }
        self.deliver(&wire);
        wire.len()
    }

    fn deliver(&mut self, wire: &[u8]) {
        self.client.deliver(wire, self.step);
    }

    /// Runs until neither end has output.
    fn settle(&mut self) {
        loop {
            self.write(&[]);
            if self.read() == 0 && self.client.session.pending() == 0 {
                return;
            }
        }
    }
}

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];
/// Byte by byte, in odd chunks, and all at once.
const STEPS: [usize; 3] = [1, 1000, 60_000];

#[test]
fn bytes_pass_in_both_directions_in_any_chunks() {
    for (version, step) in VERSIONS
        .into_iter()
        .flat_map(|v| STEPS.map(|step| (v, step)))
    {
        let mut pair = Pair::new(version, step);
        assert_eq!(*pair.client.session.state(), State::Handshaking);
        pair.settle();
        assert_eq!(
            *pair.client.session.state(),
            State::Established,
            "{version:?} {step}"
        );
        for length in [1, 16_383, 16_384, 16_385, 70_000] {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            pair.write(&bytes);
            pair.server.writer().write_all(&bytes).unwrap();
            pair.settle();
            assert!(pair.at_server == bytes, "{version:?} {step} {length}");
            assert!(pair.client.received == bytes, "{version:?} {step} {length}");
            pair.at_server.clear();
            pair.client.received.clear();
        }
    }
}

#[test]
fn the_agreement_is_available_after_the_handshake() {
    for version in VERSIONS {
        let mut pair = Pair::new(version, 1000);
        assert_eq!(pair.client.session.agreement(), None);
        pair.settle();
        let agreement = pair.client.session.agreement().unwrap();
        assert_eq!(agreement.version, version);
        assert_eq!(agreement.protocol, None);
        assert_eq!(agreement.certificates.len(), 1, "{version:?}");
        let suite = pair.server.negotiated_cipher_suite().unwrap().suite();
        assert_eq!(Some(agreement.cipher), suite.as_str());
    }
}

#[test]
fn a_server_may_change_its_keys() {
    for step in STEPS {
        let mut pair = Pair::new(Version::Tls13, step);
        pair.settle();
        for _ in 0..3 {
            pair.server.refresh_traffic_keys().unwrap();
            pair.server.writer().write_all(b"new").unwrap();
            pair.settle();
            pair.write(b"keys");
        }
        assert_eq!(pair.client.received, b"newnewnew");
        assert_eq!(pair.at_server, b"keyskeyskeys");
    }
}

#[test]
fn an_unknown_server_is_refused_and_receives_no_plaintext() {
    for version in VERSIONS {
        let (root, other) = (server(version).0, server(version).1);
        for (anchors, host) in [(Some(root), "localhost"), (None, "localhost")] {
            let is_trusted = anchors.is_none();
            let (_, server) = server(version);
            let mut pair = Pair::of(client(anchors, host), server, 1000);
            pair.settle();
            assert_eq!(
                *pair.client.session.state() == State::Established,
                is_trusted
            );
            let taken = pair.client.write_to(b"secret", |bytes| Ok(bytes.len()));
            assert_eq!(taken.unwrap() == 6, is_trusted);
        }
        let mut pair = Pair::of(client(None, "127.0.0.1"), other, 1000);
        pair.settle();
        assert_eq!(
            *pair.client.session.state(),
            State::Established,
            "an IP address is a valid name"
        );
    }
    assert!(Session::new(&Config::new(settings()).unwrap(), "no name").is_none());
}

fn settings() -> Settings {
    Settings {
        anchors: None,
        versions: (Version::Tls12, Version::Tls13),
        protocols: Vec::new(),
        identity: None,
    }
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let (root, server) = server(Version::Tls13);
    let mut pair = Pair::of(client(Some(root), "elsewhere.test"), server, 1000);
    pair.settle();
    assert!(matches!(
        pair.client.session.state(),
        State::Failed(Failure::Refused(_))
    ));
}

#[test]
fn close_notify_ends_one_direction() {
    for version in VERSIONS {
        let mut pair = Pair::new(version, 1000);
        pair.settle();
        pair.server.writer().write_all(b"last words").unwrap();
        pair.server.send_close_notify();
        pair.settle();
        assert_eq!(*pair.client.session.state(), State::Ended);
        assert_eq!(pair.client.received, b"last words");
        pair.write(b"and mine");
        let rest = pair.client.close(b"!");
        pair.give_server(&rest);
        assert_eq!(pair.at_server, b"and mine!");
        let end = pair.server.reader().read(&mut [0; 1]);
        assert_eq!(end.unwrap(), 0, "the end without an error");
        let more = pair.client.close(b"?");
        assert!(more.is_empty(), "no bytes follow `close_notify`");
    }
}

#[test]
fn bytes_that_the_kernel_does_not_accept_wait() {
    let mut pair = Pair::new(Version::Tls13, 60_000);
    pair.settle();
    let bytes = vec![7; 200_000];
    let taken = pair.client.write_to(&bytes, |_| Ok(10)).unwrap();
    assert!(
        taken < bytes.len() && pair.client.session.pending() > 0,
        "{taken}"
    );
    let none = pair.client.write_to(&bytes, |_| Ok(10)).unwrap();
    assert_eq!(none, 0, "no more is encrypted while bytes wait");
    let error = pair
        .client
        .write_to(&bytes, |_| Err(io::ErrorKind::BrokenPipe.into()));
    assert!(error.is_err());
}

#[test]
fn malformed_records_fail_the_session() {
    let nonsense: [&[u8]; 5] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &[0; 20_000],
        b"\x16\x03\x03\xff\xff",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x17\x03\x03\x00\x02ab",
    ];
    for (bytes, step) in nonsense
        .into_iter()
        .flat_map(|b| STEPS.map(|step| (b, step)))
    {
        let (_, server) = server(Version::Tls13);
        let mut pair = Pair::of(client(None, "localhost"), server, step);
        pair.write(&[]);
        pair.deliver(bytes);
        assert!(
            matches!(pair.client.session.state(), State::Failed(_)),
            "{bytes:x?}"
        );
        assert!(pair.client.received.is_empty());
    }
    let (_, server) = server(Version::Tls13);
    let mut pair = Pair::of(client(None, "localhost"), server, 1000);
    pair.deliver(b"\x15\x03\x03\x00\x02\x02\x28");
    assert_eq!(
        *pair.client.session.state(),
        State::Failed(Failure::Alert(40))
    );
}

#[test]
fn an_endless_handshake_message_fails_the_session() {
    let (_, server) = server(Version::Tls13);
    let mut pair = Pair::of(client(None, "localhost"), server, 60_000);
    // The beginning of a message of 65,000 bytes, then records of one byte each.
    let mut flood = b"\x16\x03\x03\x00\x04\x02\x00\xfd\xe8".to_vec();
    flood.extend(b"\x16\x03\x03\x00\x01\x00".repeat(100_000));
    pair.deliver(&flood);
    assert!(matches!(pair.client.session.state(), State::Failed(_)));
}

#[test]
fn a_changed_record_fails_the_session() {
    let mut pair = Pair::new(Version::Tls13, 60_000);
    pair.settle();
    pair.server.writer().write_all(b"some text").unwrap();
    let mut wire = Vec::new();
    pair.server.write_tls(&mut wire).unwrap();
    *wire.last_mut().unwrap() ^= 1;
    pair.deliver(&wire);
    assert!(matches!(
        pair.client.session.state(),
        State::Failed(Failure::Refused(_))
    ));
    assert!(pair.client.received.is_empty());
}
