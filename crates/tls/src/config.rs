//! The configuration of a TLS client, except for the name of the server.

use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, SupportedProtocolVersion};

use crate::verify::{Anchors, Verifier};

/// The options of a user.
#[derive(Debug)]
pub struct Settings {
    /// The trusted authorities. `None` accepts any certificate.
    pub anchors: Option<Arc<Anchors>>,
    /// The lowest and the highest version.
    pub versions: (Version, Version),
    /// The offered application protocols, in order of preference.
    pub protocols: Vec<Vec<u8>>,
    /// The client's own chain of certificates, and its key in PKCS #8.
    pub identity: Option<(Vec<Vec<u8>>, Vec<u8>)>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Version {
    Tls12,
    Tls13,
}

/// Validated settings, shared by all connections that use them.
#[derive(Clone, Debug)]
pub struct Config(pub(crate) Arc<ClientConfig>);

impl Config {
    /// Validates settings. Fails for settings that rustls does not support: an unknown kind of key,
    /// a key that does not belong to its certificate, and an empty range of versions.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let provider = Arc::new(default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&supported(settings.versions))?
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
        // For `Records`.
        config.enable_secret_extraction = true;
        // Like Node, which resumes only sessions that the program passes to it.
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }
}

/// Returns the versions in a range.
pub(crate) fn supported(
    (lowest, highest): (Version, Version),
) -> Vec<&'static SupportedProtocolVersion> {
    [(Version::Tls12, &TLS12), (Version::Tls13, &TLS13)]
        .into_iter()
        .filter(|(version, _)| (lowest..=highest).contains(version))
        .map(|(_, version)| version)
        .collect()
}
