//! Sessions of a server with a client of rustls, in memory.

#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use faye_websocket_tls::{
    Anchors, Clients, Context, Failure, Pattern, ServerConfig, ServerSettings, Session, State,
    Tickets, Verdict, Version,
};
use faye_websocket_tls_testing::Subject;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P384_SHA384, date_time_ymd,
};
use rustls::client::{ClientConfig, ClientConnection};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, HandshakeKind, RootCertStore};

/// An authority, and its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        Self::named("authority")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let issuer = Issuer::new(params, key);
        Self { issuer, der }
    }

    fn issue(&self, name: &str) -> (Vec<Vec<u8>>, Vec<u8>) {
        self.issue_with(name, KeyPair::generate().unwrap(), |_| {})
    }

    fn issue_with(
        &self,
        name: &str,
        key: KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        (vec![leaf.der().to_vec()], key.serialize_der())
    }
}

fn context(identity: (Vec<Vec<u8>>, Vec<u8>), anchors: &[&Authority]) -> Context {
    let anchors = anchors.iter().map(|authority| authority.der.clone());
    Context {
        identities: vec![identity],
        anchors: Arc::new(Anchors::new(anchors)),
    }
}

fn settings(authority: &Authority) -> ServerSettings {
    ServerSettings {
        default: context(authority.issue("localhost"), &[]),
        contexts: Vec::new(),
        versions: (Version::Tls12, Version::Tls13),
        protocols: Vec::new(),
        clients: Clients::Anonymous,
        tickets: None,
    }
}

/// Returns a configuration of a client that trusts the authority.
fn client(authority: &Authority, version: Version) -> ClientConfig {
    client_with(authority, version, None)
}

fn client_with(
    authority: &Authority,
    version: Version,
    identity: Option<(Vec<Vec<u8>>, Vec<u8>)>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der.clone().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let version = match version {
        Version::Tls12 => &TLS12,
        Version::Tls13 => &TLS13,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(
                chain.into_iter().map(CertificateDer::from).collect(),
                PrivatePkcs8KeyDer::from(key).into(),
            )
            .unwrap(),
    }
}

/// A client and a server, and the bytes that have arrived at each.
struct Pair {
    client: ClientConnection,
    server: Subject,
    /// The maximum number of bytes that the server reads at once.
    step: usize,
    at_client: Vec<u8>,
    /// The error of the client.
    error: Option<Error>,
}

impl Pair {
    fn new(client: &Arc<ClientConfig>, server: &ServerConfig, name: &str, step: usize) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
        client.set_buffer_limit(None);
        Self {
            client,
            server: Subject::new(Session::accept(server).unwrap()),
            step,
            at_client: Vec::new(),
            error: None,
        }
    }

    fn of(authority: &Authority, settings: ServerSettings, version: Version, step: usize) -> Self {
        let server = ServerConfig::new(settings).unwrap();
        let client = Arc::new(client(authority, version));
        let mut pair = Self::new(&client, &server, "localhost", step);
        pair.settle();
        pair
    }

    fn deliver(&mut self, wire: &[u8]) {
        self.server.deliver(wire, self.step);
    }

    fn write(&mut self, plaintext: &[u8]) {
        let (wire, _) = self.server.write(plaintext);
        self.give_client(&wire);
    }

    fn give_client(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.client.read_tls(&mut bytes).unwrap();
            if let Err(error) = self.client.process_new_packets() {
                self.error.get_or_insert(error);
                return;
            }
            let mut buffer = [0; 20_000];
            while let Ok(length @ 1..) = self.client.reader().read(&mut buffer) {
                self.at_client.extend_from_slice(&buffer[..length]);
            }
        }
    }

    /// Runs until neither end has output.
    fn settle(&mut self) {
        loop {
            let mut wire = Vec::new();
            while self.client.wants_write() {
                self.client.write_tls(&mut wire).unwrap();
            }
            self.deliver(&wire);
            if wire.is_empty() && self.server.session.pending() == 0 {
                return;
            }
            self.write(&[]);
        }
    }
}

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];
/// Byte by byte, in odd chunks, and all at once.
const STEPS: [usize; 3] = [1, 1000, 60_000];

#[test]
fn bytes_pass_in_both_directions_in_any_chunks() {
    let authority = Authority::new();
    for (version, step) in VERSIONS
        .into_iter()
        .flat_map(|v| STEPS.map(|step| (v, step)))
    {
        let mut pair = Pair::of(&authority, settings(&authority), version, step);
        assert_eq!(
            *pair.server.session.state(),
            State::Established,
            "{version:?} {step}"
        );
        for length in [0, 1, 16_383, 16_384, 16_385, 70_000, 300_000] {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            pair.client.writer().write_all(&bytes).unwrap();
            pair.settle();
            pair.write(&bytes);
            assert!(pair.server.received == bytes, "{version:?} {step} {length}");
            assert!(pair.at_client == bytes, "{version:?} {step} {length}");
            pair.server.received.clear();
            pair.at_client.clear();
        }
    }
}

#[test]
fn the_agreement_is_available_after_the_handshake() {
    let authority = Authority::new();
    for (version, cipher) in [
        (Version::Tls12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        (Version::Tls13, "TLS13_AES_256_GCM_SHA384"),
    ] {
        let pair = Pair::of(&authority, settings(&authority), version, 60_000);
        let agreement = pair.server.session.agreement().unwrap();
        assert_eq!(agreement.version, version);
        assert_eq!(agreement.cipher, cipher);
        assert_eq!(agreement.name.as_deref(), Some("localhost"));
        assert_eq!(agreement.protocol, None);
        assert!(agreement.certificates.is_empty() && !agreement.is_resumed);
        let sent = pair.client.peer_certificates().unwrap();
        assert_eq!(agreement.own.as_deref(), Some(sent[0].as_ref()));
    }
    let config = ServerConfig::new(settings(&authority)).unwrap();
    assert_eq!(Session::accept(&config).unwrap().agreement(), None);
}

#[test]
fn the_name_chooses_the_certificate() {
    let authority = Authority::new();
    let contexts = ["a.test", "*.b.test", "a.test"].map(|name| {
        (
            Pattern(name.to_owned()),
            context(authority.issue(name), &[]),
        )
    });
    let own = |index: usize| contexts[index].1.identities[0].0[0].clone();
    let (last_a, b) = (own(2), own(1));
    let settings = ServerSettings {
        contexts: contexts.into_iter().collect(),
        ..settings(&authority)
    };
    let default = settings.default.identities[0].0[0].clone();
    let server = ServerConfig::new(settings).unwrap();
    for version in VERSIONS {
        for (name, expected) in [
            ("a.test", &last_a),
            ("x.b.test", &b),
            ("localhost", &default),
        ] {
            let client = Arc::new(client(&authority, version));
            let mut pair = Pair::new(&client, &server, name, 1000);
            pair.settle();
            assert_eq!(pair.error, None, "{name}");
            let agreement = pair.server.session.agreement().unwrap();
            assert_eq!(agreement.name.as_deref(), Some(name));
            assert_eq!(
                agreement.own.as_deref(),
                Some(expected.as_slice()),
                "{name}"
            );
        }
    }
}

#[test]
fn the_client_chooses_among_certificates_with_different_keys() {
    let authority = Authority::new();
    let other = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let mut settings = settings(&authority);
    let identities = &mut settings.default.identities;
    identities.insert(0, authority.issue_with("localhost", other, |_| {}));
    let pair = Pair::of(&authority, settings, Version::Tls13, 60_000);
    assert_eq!(*pair.server.session.state(), State::Established);
}

#[test]
fn the_server_prefers_its_protocols() {
    let authority = Authority::new();
    for version in VERSIONS {
        for (offered, expected) in [
            (vec!["http/1.1", "b"], Ok(Some("b"))),
            (vec!["http/1.1"], Ok(Some("http/1.1"))),
            (vec![], Ok(None)),
            (vec!["h2"], Err(())),
        ] {
            let server = ServerConfig::new(ServerSettings {
                protocols: vec![b"b".to_vec(), b"http/1.1".to_vec()],
                ..settings(&authority)
            });
            let mut client = client(&authority, version);
            client.alpn_protocols = offered
                .iter()
                .map(|name| name.as_bytes().to_vec())
                .collect();
            let mut pair = Pair::new(&Arc::new(client), &server.unwrap(), "localhost", 1000);
            pair.settle();
            match expected {
                Ok(protocol) => {
                    let found = pair.server.session.agreement().unwrap().protocol.clone();
                    assert_eq!(found, protocol.map(|name| name.as_bytes().to_vec()));
                }
                Err(()) => {
                    let reason = Failure::Refused("no application protocol".to_owned());
                    assert_eq!(*pair.server.session.state(), State::Failed(reason));
                    assert_eq!(pair.error, None, "no alert is sent");
                    assert!(pair.server.session.take_flight().is_some());
                }
            }
        }
    }
}

#[test]
fn sessions_are_resumed_by_servers_with_the_same_keys() {
    let authority = Authority::new();
    for version in VERSIONS {
        for (keys, context, lifetime, expected) in [
            (7, &b"x"[..], 300, HandshakeKind::Resumed),
            (8, b"x", 300, HandshakeKind::Full),
            (7, b"y", 300, HandshakeKind::Full),
        ] {
            let server = |keys, context| {
                let tickets = Tickets::new(&[keys; 48], context, lifetime);
                ServerConfig::new(ServerSettings {
                    tickets,
                    ..settings(&authority)
                })
                .unwrap()
            };
            let client = Arc::new(client(&authority, version));
            let mut first = Pair::new(&client, &server(7, b"x"), "localhost", 60_000);
            first.settle();
            assert!(!first.server.session.agreement().unwrap().is_resumed);
            let mut second = Pair::new(&client, &server(keys, context), "localhost", 60_000);
            second.settle();
            assert_eq!(
                second.client.handshake_kind(),
                Some(expected),
                "{version:?} {keys}"
            );
            let is_resumed = second.server.session.agreement().unwrap().is_resumed;
            assert_eq!(is_resumed, expected == HandshakeKind::Resumed);
        }
    }
}

#[test]
fn only_the_configured_versions_are_spoken() {
    let authority = Authority::new();
    for (version, other) in [
        (Version::Tls12, Version::Tls13),
        (Version::Tls13, Version::Tls12),
    ] {
        let settings = ServerSettings {
            versions: (version, version),
            ..settings(&authority)
        };
        let mut pair = Pair::of(&authority, settings, other, 1000);
        let reason = Failure::Refused("unsupported protocol".to_owned());
        assert_eq!(*pair.server.session.state(), State::Failed(reason));
        assert_eq!(pair.error, None, "no alert is sent");
        assert!(pair.server.session.take_flight().is_some());
    }
}

#[test]
fn the_verdict_about_a_client_has_the_code_of_openssl() {
    let (authority, other) = (Authority::new(), Authority::named("other"));
    let alone = {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["alone".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        (vec![der], key.serialize_der())
    };
    let issue = |change: fn(&mut CertificateParams)| {
        authority.issue_with("client", KeyPair::generate().unwrap(), change)
    };
    let with_root = {
        let (mut chain, key) = other.issue("client");
        chain.push(other.der.clone());
        (chain, key)
    };
    let cases = [
        ("trusted", Some(authority.issue("client")), None),
        (
            "for clients",
            Some(issue(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            })),
            None,
        ),
        (
            "for servers",
            Some(issue(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            })),
            Some("INVALID_PURPOSE"),
        ),
        (
            "expired",
            Some(issue(|params| params.not_after = date_time_ymd(2020, 1, 1))),
            Some("CERT_HAS_EXPIRED"),
        ),
        (
            "of the future",
            Some(issue(|params| {
                params.not_before = date_time_ymd(3000, 1, 1)
            })),
            Some("CERT_NOT_YET_VALID"),
        ),
        (
            "self-signed",
            Some(alone),
            Some("DEPTH_ZERO_SELF_SIGNED_CERT"),
        ),
        (
            "unknown",
            Some(other.issue("client")),
            Some("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ),
        (
            "with its unknown root",
            Some(with_root),
            Some("SELF_SIGNED_CERT_IN_CHAIN"),
        ),
        ("none", None, Some("UNABLE_TO_GET_ISSUER_CERT")),
    ];
    for (name, identity, expected) in cases {
        for version in VERSIONS {
            let mut settings = settings(&authority);
            settings.default.anchors = Arc::new(Anchors::new([authority.der.clone()]));
            settings.clients = Clients::Asked {
                authorities: Vec::new(),
                must_answer: false,
            };
            let server = ServerConfig::new(settings).unwrap();
            let client = Arc::new(client_with(&authority, version, identity.clone()));
            let mut pair = Pair::new(&client, &server, "localhost", 1000);
            pair.settle();
            assert_eq!(pair.error, None, "{name}");
            let agreement = pair.server.session.agreement().unwrap();
            let expected = expected.map_or(Verdict::Trusted, Verdict::Refused);
            assert_eq!(agreement.client, expected, "{name} {version:?}");
            let sent = identity.as_ref().map_or(0, |(chain, _)| chain.len());
            assert_eq!(agreement.certificates.len(), sent, "{name}");
        }
    }
}

#[test]
fn a_client_without_a_certificate_may_be_refused() {
    let authority = Authority::new();
    for version in VERSIONS {
        let settings = ServerSettings {
            clients: Clients::Asked {
                authorities: Vec::new(),
                must_answer: true,
            },
            ..settings(&authority)
        };
        let pair = Pair::of(&authority, settings, version, 1000);
        let reason = Failure::Refused("peer did not return a certificate".to_owned());
        assert_eq!(*pair.server.session.state(), State::Failed(reason));
        assert!(matches!(pair.error, Some(Error::AlertReceived(_))));
    }
}

#[test]
fn keys_may_change() {
    let authority = Authority::new();
    for step in STEPS {
        let mut pair = Pair::of(&authority, settings(&authority), Version::Tls13, step);
        for _ in 0..3 {
            pair.client.refresh_traffic_keys().unwrap();
            pair.client.writer().write_all(b"new").unwrap();
            pair.settle();
            pair.write(b"keys");
        }
        assert_eq!(pair.server.received, b"newnewnew");
        assert_eq!(pair.at_client, b"keyskeyskeys");
    }
}

#[test]
fn many_changes_of_keys_in_a_row_fail_the_session() {
    let authority = Authority::new();
    let mut pair = Pair::of(&authority, settings(&authority), Version::Tls13, 60_000);
    for _ in 0..40 {
        pair.client.refresh_traffic_keys().unwrap();
        pair.client.writer().write_all(b"").unwrap();
    }
    pair.settle();
    assert!(matches!(
        pair.server.session.state(),
        State::Failed(Failure::Refused(_))
    ));
}

#[test]
fn a_client_that_asks_for_new_keys_and_reads_nothing_makes_the_server_store_little() {
    let authority = Authority::new();
    let mut pair = Pair::of(&authority, settings(&authority), Version::Tls13, 60_000);
    for _ in 0..1000 {
        pair.client.refresh_traffic_keys().unwrap();
        pair.client.writer().write_all(b".").unwrap();
        let mut wire = Vec::new();
        while pair.client.wants_write() {
            pair.client.write_tls(&mut wire).unwrap();
        }
        pair.deliver(&wire);
        let full = |_: &[u8]| Ok(0);
        pair.server.write_to(&[], full).unwrap();
        assert!(pair.server.session.pending() < 100);
    }
    pair.write(b"late");
    pair.settle();
    pair.write(b"text");
    assert_eq!(pair.server.received.len(), 1000);
    assert_eq!(pair.at_client, b"latetext");
    assert_eq!((pair.error, pair.server.session.pending()), (None, 0));
}

#[test]
fn close_notify_ends_one_direction() {
    let authority = Authority::new();
    for version in VERSIONS {
        let mut pair = Pair::of(&authority, settings(&authority), version, 1000);
        pair.client.writer().write_all(b"last words").unwrap();
        pair.client.send_close_notify();
        pair.settle();
        assert_eq!(*pair.server.session.state(), State::Ended);
        assert_eq!(pair.server.received, b"last words");
        pair.write(b"and mine");
        let rest = pair.server.close(b"!");
        pair.give_client(&rest);
        assert_eq!(pair.at_client, b"and mine!");
        assert_eq!(pair.client.reader().read(&mut [0; 1]).unwrap(), 0);
    }
}

#[test]
fn a_client_may_send_everything_with_the_end_of_the_handshake() {
    let authority = Authority::new();
    for version in VERSIONS {
        let server = ServerConfig::new(settings(&authority)).unwrap();
        let client = Arc::new(client(&authority, version));
        let mut pair = Pair::new(&client, &server, "localhost", 60_000);
        pair.client.writer().write_all(b"all").unwrap();
        let mut is_closed = false;
        loop {
            if !pair.client.is_handshaking() && !is_closed {
                pair.client.send_close_notify();
                is_closed = true;
            }
            let mut wire = Vec::new();
            while pair.client.wants_write() {
                pair.client.write_tls(&mut wire).unwrap();
            }
            if wire.is_empty() {
                break;
            }
            pair.deliver(&wire);
            pair.write(&[]);
        }
        assert_eq!(*pair.server.session.state(), State::Ended, "{version:?}");
        assert_eq!(pair.server.received, b"all");
    }
}

#[test]
fn first_bytes_that_are_not_tls_have_the_reason_of_openssl() {
    let authority = Authority::new();
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], Some("http request")),
        (b"POST / HTTP/1.1\r\n\r\n", Some("http request")),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", Some("https proxy request")),
        (b"garbage, and more of it", Some("wrong version number")),
        (&[0; 20_000], Some("wrong version number")),
        (b"\x15\x03\x03\x00\x02\x02\x28", None),
        (b"\x16\x03\x03\xff\xff", None),
    ] {
        let config = ServerConfig::new(settings(&authority)).unwrap();
        let client = Arc::new(client(&authority, Version::Tls13));
        let mut pair = Pair::new(&client, &config, "localhost", 60_000);
        pair.deliver(bytes);
        match (expected, pair.server.session.state()) {
            (Some(expected), State::Failed(Failure::Refused(reason))) => {
                assert_eq!(reason, expected, "{bytes:x?}");
            }
            (None, State::Failed(_)) => {}
            other => panic!("{other:?} {bytes:x?}"),
        }
    }
}

#[test]
fn every_changed_byte_of_a_record_fails_the_session() {
    let authority = Authority::new();
    for version in VERSIONS {
        let mut wire = Vec::new();
        let mut place = 0;
        while place == 0 || place < wire.len() {
            let mut pair = Pair::of(&authority, settings(&authority), version, 60_000);
            pair.client.writer().write_all(b"text").unwrap();
            wire.clear();
            pair.client.write_tls(&mut wire).unwrap();
            wire[place] ^= 1;
            pair.deliver(&wire);
            // A larger length waits for more bytes.
            let is_length = place == 3 || place == 4;
            let has_failed = matches!(
                pair.server.session.state(),
                State::Failed(Failure::Refused(_))
            );
            assert!(has_failed || is_length, "{version:?} {place}");
            assert!(pair.server.received.is_empty());
            place += 1;
        }
    }
}
