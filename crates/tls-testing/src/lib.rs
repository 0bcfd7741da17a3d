//! Sessions with peers in memory: an honest one, which is rustls, and a forger, which encrypts any records.

#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod forger;

use std::io::{self, Read as _, Write as _};
use std::sync::{Arc, OnceLock};

use rcgen::{CertificateParams, KeyPair};
pub use rustls::Error;
use rustls::client::{ClientConfig, ClientConnection, Resumption};
use rustls::crypto::ring::{cipher_suite, default_provider};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::ServerConnection;
use rustls::version::{TLS12, TLS13};
use rustls::{Connection, RootCertStore, SupportedCipherSuite};
use tls::{
    Anchors, Clients, Config, Context, ServerConfig, ServerSettings, Session, Settings, Version,
};

pub use forger::Forger;

/// The role of the session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    Client,
    Server,
}

pub const ROLES: [Role; 2] = [Role::Client, Role::Server];
/// All versions with all their kinds of keys.
pub const SUITES: [(Version, SupportedCipherSuite); 6] = [
    (Version::Tls13, cipher_suite::TLS13_AES_256_GCM_SHA384),
    (Version::Tls13, cipher_suite::TLS13_AES_128_GCM_SHA256),
    (Version::Tls13, cipher_suite::TLS13_CHACHA20_POLY1305_SHA256),
    (
        Version::Tls12,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        Version::Tls12,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        Version::Tls12,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// A session, and the plaintext that it has received.
pub struct Subject {
    pub session: Session,
    pub received: Vec<u8>,
    scratch: Vec<u8>,
}

impl Subject {
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            received: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Lets the session read these bytes, at most `step` at once.
    pub fn deliver(&mut self, wire: &[u8], step: usize) {
        for part in wire.chunks(step) {
            let received = &mut self.received;
            let read = |into: &mut [u8]| {
                into[..part.len()].copy_from_slice(part);
                Ok(part.len())
            };
            let sink = &mut |bytes: &[u8]| received.extend_from_slice(bytes);
            self.session.read(&mut self.scratch, read, sink).unwrap();
        }
    }

    /// Lets the session write plaintext and all pending bytes. Returns the bytes on the wire, and the length of the
    /// plaintext that was encrypted.
    pub fn write(&mut self, plaintext: &[u8]) -> (Vec<u8>, usize) {
        let mut wire = Vec::new();
        let send = |bytes: &[u8]| {
            wire.extend_from_slice(bytes);
            Ok(bytes.len())
        };
        let taken = self.write_to(plaintext, send).unwrap();
        (wire, taken)
    }

    /// Lets the session write plaintext and pending bytes to `send`. Returns the length of the plaintext that was
    /// encrypted.
    pub fn write_to(
        &mut self,
        plaintext: &[u8],
        send: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.session.write(plaintext, &mut self.scratch, send)
    }

    /// Closes the session while the kernel accepts no bytes. Returns the bytes that wait.
    pub fn close(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let close = self.session.close(plaintext, &mut self.scratch, |_| Ok(0));
        close.unwrap()
    }
}

/// An established session, and its honest peer.
pub struct Pair {
    pub subject: Subject,
    pub peer: Connection,
    /// The plaintext that the peer has received.
    pub received: Vec<u8>,
}

impl Pair {
    /// Makes a handshake with this one of the `SUITES`.
    pub fn established(role: Role, suite: usize) -> Self {
        let configs = &configs()[suite % SUITES.len()];
        let (session, peer) = match role {
            Role::Client => {
                let session = Session::new(&configs.client, "localhost").unwrap();
                let peer = ServerConnection::new(Arc::clone(&configs.peer_server)).unwrap();
                (session, Connection::Server(peer))
            }
            Role::Server => {
                let session = Session::accept(&configs.server).unwrap();
                let name = ServerName::try_from("localhost").unwrap();
                let peer = ClientConnection::new(Arc::clone(&configs.peer_client), name).unwrap();
                (session, Connection::Client(peer))
            }
        };
        let mut pair = Self {
            subject: Subject::new(session),
            peer,
            received: Vec::new(),
        };
        pair.peer.set_buffer_limit(None);
        loop {
            let (wire, _) = pair.subject.write(&[]);
            pair.give_peer(&wire).unwrap();
            let answer = pair.take_from_peer();
            pair.subject.deliver(&answer, usize::MAX);
            if wire.is_empty() && answer.is_empty() {
                return pair;
            }
        }
    }

    /// Lets the peer read these bytes. Fails if it refuses them; it then does nothing any more.
    pub fn give_peer(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            self.peer.read_tls(&mut bytes).unwrap();
            let state = self.peer.process_new_packets();
            let mut buffer = [0; 20_000];
            while let Ok(length @ 1..) = self.peer.reader().read(&mut buffer) {
                self.received.extend_from_slice(&buffer[..length]);
            }
            if state?.peer_has_closed() {
                break;
            }
        }
        Ok(())
    }

    /// Takes the bytes that the peer has for the wire.
    pub fn take_from_peer(&mut self) -> Vec<u8> {
        let mut wire = Vec::new();
        while self.peer.wants_write() {
            self.peer.write_tls(&mut wire).unwrap();
        }
        wire
    }

    /// Lets the peer send plaintext. Returns the bytes on the wire.
    pub fn peer_writes(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.peer.writer().write_all(plaintext).unwrap();
        self.take_from_peer()
    }

    /// Replaces the peer by a forger with its keys.
    pub fn forge(self) -> (Subject, Forger) {
        let version = self.subject.session.agreement().unwrap().version;
        let secrets = self.peer.dangerous_extract_secrets().unwrap();
        (self.subject, Forger::new(version, secrets))
    }
}

/// The configurations for one cipher suite.
struct Configs {
    client: Config,
    server: ServerConfig,
    peer_client: Arc<ClientConfig>,
    peer_server: Arc<rustls::ServerConfig>,
}

fn configs() -> &'static [Configs] {
    static CONFIGS: OnceLock<Vec<Configs>> = OnceLock::new();
    CONFIGS.get_or_init(|| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let key = key.serialize_der();
        SUITES.map(|suite| configs_of(suite, &der, &key)).into()
    })
}

fn configs_of(
    (version, suite): (Version, SupportedCipherSuite),
    der: &[u8],
    key: &[u8],
) -> Configs {
    let versions = match version {
        Version::Tls12 => [&TLS12],
        Version::Tls13 => [&TLS13],
    };
    let mut provider = default_provider();
    provider.cipher_suites = vec![suite];
    let provider = Arc::new(provider);
    let certificate = CertificateDer::from(der.to_vec());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut peer_client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    peer_client.enable_secret_extraction = true;
    peer_client.resumption = Resumption::disabled();
    let mut peer_server = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivatePkcs8KeyDer::from(key.to_vec()).into(),
        )
        .unwrap();
    peer_server.enable_secret_extraction = true;
    peer_server.send_tls13_tickets = 0;
    let client = Config::new(Settings {
        anchors: None,
        versions: (Version::Tls12, Version::Tls13),
        protocols: Vec::new(),
        identity: None,
    });
    let server = ServerConfig::new(ServerSettings {
        default: Context {
            identities: vec![(vec![der.to_vec()], key.to_vec())],
            anchors: Arc::new(Anchors::new([])),
        },
        contexts: Vec::new(),
        versions: (Version::Tls12, Version::Tls13),
        protocols: Vec::new(),
        clients: Clients::Anonymous,
        tickets: None,
    });
    Configs {
        client: client.unwrap(),
        server: server.unwrap(),
        peer_client: Arc::new(peer_client),
        peer_server: Arc::new(peer_server),
    }
}
