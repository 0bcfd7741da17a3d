//! The certificates of clients: whether a server asks for them, and the proof that a client has the key.
//!
//! Like Node, a server first completes the handshake with any certificate whose key the client has. The verdict about
//! the certificate follows: see `verify.rs`.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::first_version;

/// Whether a server asks its clients for certificates.
#[derive(Clone, Debug)]
pub enum Clients {
    Anonymous,
    /// The server names these subjects of authorities, in DER.
    Asked {
        authorities: Vec<Vec<u8>>,
        must_answer: bool,
    },
}

/// A verdict about the certificate of a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The server has not asked for a certificate.
    NotAsked,
    Trusted,
    /// OpenSSL's code for the reason not to trust the client.
    Refused(&'static str),
}

/// A verifier of signatures.
#[derive(Debug)]
pub(crate) struct Examiner {
    authorities: Vec<DistinguishedName>,
    must_answer: bool,
    provider: Arc<CryptoProvider>,
}

impl Examiner {
    /// Returns `None` for anonymous clients.
    pub(crate) fn new(clients: &Clients, provider: Arc<CryptoProvider>) -> Option<Self> {
        match clients {
            Clients::Anonymous => None,
            Clients::Asked {
                authorities,
                must_answer,
            } => Some(Self {
                authorities: authorities
                    .iter()
                    .cloned()
                    .map(DistinguishedName::from)
                    .collect(),
                must_answer: *must_answer,
                provider,
            }),
        }
    }
}

impl ClientCertVerifier for Examiner {
    fn client_auth_mandatory(&self) -> bool {
        self.must_answer
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match first_version::key_of(cert) {
            Some(key) => first_version::verify_tls12_signature(message, &key, dss, algorithms),
            None => verify_tls12_signature(message, cert, dss, algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match first_version::key_of(cert) {
            Some(key) => verify_tls13_signature_with_raw_key(message, &key, dss, algorithms),
            None => verify_tls13_signature(message, cert, dss, algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
