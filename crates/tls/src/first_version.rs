//! Certificates in version 1 of X.509, which have no extensions (RFC 5280, section 4.1.2.1).
//!
//! `openssl x509 -req` makes them for clients, and OpenSSL accepts them. webpki does not read them, so this module does
//! with its verification of signatures. A trusted authority must have signed the certificate of a client itself; no
//! certificate may stand between the two.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error};
use webpki::{EndEntityCert, RawPublicKeyEntity};

use crate::certificate::{Facts, Signed};
use crate::verify::{Algorithms, Anchors, Owner, is_alone, is_chain, is_valid};

/// Returns the public key of a certificate that webpki does not read, and `None` for any other certificate. Its owner
/// can prove to have the key, whatever the verdict about the certificate is.
pub(crate) fn key_of(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    if EndEntityCert::try_from(certificate).is_ok() {
        return None;
    }
    key(Facts::of(certificate)?.public_key)
}

/// Verifies the proof that a client of TLS 1.2 has this key.
pub(crate) fn verify_tls12_signature(
    message: &[u8],
    key: &SubjectPublicKeyInfoDer<'_>,
    dss: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let possible = algorithms
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == dss.scheme)
        .map_or(&[][..], |(_, algorithms)| algorithms);
    if is_signed(key, message, dss.signature(), possible) {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(CertificateError::BadSignature.into())
    }
}

impl Anchors {
    /// Returns whether the set contains a certificate in version 1, or the authority that has signed it.
    pub(crate) fn trusts_first_version(
        &self,
        certificate: &[u8],
        now: UnixTime,
        algorithms: Algorithms<'_>,
    ) -> bool {
        let own = || Facts::of(certificate).filter(|facts| facts.is_first_version);
        let (Some(facts), Some(signed)) = (own(), Signed::of(certificate)) else {
            return false;
        };
        let is_signed_by = |public_key: &[u8]| {
            let possible: Vec<_> = algorithms
                .iter()
                .copied()
                .filter(|algorithm| *algorithm.signature_alg_id() == *signed.algorithm)
                .collect();
            key(public_key)
                .is_some_and(|key| is_signed(&key, signed.message, signed.signature, &possible))
        };
        if !is_valid(&facts, now) {
            return false;
        }
        if self.contains(&certificate.into()) {
            return is_alone(Owner::Client, &facts) && is_signed_by(facts.public_key);
        }
        self.named(facts.issuer).any(|authority| {
            let public_key = authority.public_key;
            let is_good = is_valid(&authority, now) && is_signed_by(public_key);
            let chain = own().map(|own| [own, authority]);
            is_good && chain.is_some_and(|chain| is_chain(Owner::Client, &chain))
        })
    }
}

fn is_signed(
    key: &SubjectPublicKeyInfoDer<'_>,
    message: &[u8],
    signature: &[u8],
    algorithms: Algorithms<'_>,
) -> bool {
    let Ok(key) = RawPublicKeyEntity::try_from(key) else {
        return false;
    };
    algorithms
        .iter()
        .any(|algorithm| key.verify_signature(*algorithm, message, signature).is_ok())
}

/// Returns a public key in DER for its content, as [`Facts`] contains it.
fn key(content: &[u8]) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let length = u16::try_from(content.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let mut der = match (high, low) {
        (0, 0..=0x7f) => vec![SEQUENCE, low],
        (0, _) => vec![SEQUENCE, 0x81, low],
        _ => vec![SEQUENCE, 0x82, high, low],
    };
    der.extend_from_slice(content);
    Some(der.into())
}

const SEQUENCE: u8 = 0x30;
