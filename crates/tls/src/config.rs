//! How a client speaks TLS: everything but the name of the server.

use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, SupportedProtocolVersion};

use crate::verify::{Anchors, Verifier};

/// What a user may choose.
#[derive(Debug)]
pub struct Settings {
    /// Who is believed; nobody has to be if there are none.
    pub anchors: Option<Arc<Anchors>>,
    /// The lowest and the highest version.
    pub versions: (Version, Version),
    /// Application protocols that are offered, the best one first.
    pub protocols: Vec<Vec<u8>>,
    /// Who we are: a chain of certificates, and a key in PKCS #8.
    pub identity: Option<(Vec<Vec<u8>>, Vec<u8>)>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Version {
    Tls12,
    Tls13,
}

/// Settings that have been checked. Made once, shared by all connections that have them.
#[derive(Clone, Debug)]
pub struct Config(pub(crate) Arc<ClientConfig>);

impl Config {
    /// Fails for settings that rustls cannot do: keys of a kind that it does not know, or that do not
    /// belong to their certificate, and no version at all.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let provider = Arc::new(default_provider());
        let (lowest, highest) = settings.versions;
        let versions: Vec<&SupportedProtocolVersion> =
            [(Version::Tls12, &TLS12), (Version::Tls13, &TLS13)]
                .into_iter()
                .filter(|(version, _)| (lowest..=highest).contains(version))
                .map(|(_, version)| version)
                .collect();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier {
                anchors: settings.anchors,
                provider,
            }));
        let mut config = match settings.identity {
            Some((chain, key)) => builder.with_client_auth_cert(
                chain.into_iter().map(CertificateDer::from).collect(),
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)),
            )?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = settings.protocols;
        // As Node, which resumes only what it is told to resume.
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }
}
