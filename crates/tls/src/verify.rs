//! The verification of servers and clients.
//!
//! webpki builds the path from the peer's certificate to a trusted one. It checks less than
//! OpenSSL. This module therefore refuses every certificate that OpenSSL might refuse. A client
//! lets OpenSSL decide on each refusal. For a server, `examine.rs` finds the reason.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use crate::certificate::{
    AuthorityKey, DIGITAL_SIGNATURE, Facts, KEY_AGREEMENT, KEY_CERT_SIGN, KEY_ENCIPHERMENT, Signed,
};

/// The certificates of trusted authorities, shared by all connections that use them.
#[derive(Debug, Default)]
pub struct Anchors {
    anchors: Vec<TrustAnchor<'static>>,
    certificates: Vec<CertificateDer<'static>>,
    /// The places of the certificates of each subject. A peer chooses how often an issuer is looked for.
    places: HashMap<Box<[u8]>, Vec<usize>>,
}

impl Anchors {
    /// Creates the set. Skips certificates that webpki cannot parse.
    #[must_use]
    pub fn new(certificates: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut anchors = Self::default();
        for der in certificates {
            let der = CertificateDer::from(der);
            let (Ok(anchor), Some(facts)) = (anchor_from_trusted_cert(&der), Facts::of(&der))
            else {
                continue;
            };
            // For OpenSSL, a certificate signed by another is an authority only through its issuer.
            if facts.issuer != facts.subject {
                continue;
            }
            let place = anchors.certificates.len();
            let places = anchors.places.entry(facts.subject.into()).or_default();
            places.push(place);
            anchors.anchors.push(anchor.to_owned());
            anchors.certificates.push(der);
        }
        anchors
    }

    /// Returns the valid certificates of an authority. OpenSSL may use any of them.
    fn find(&self, anchor: &TrustAnchor<'_>, now: UnixTime) -> impl Iterator<Item = Facts<'_>> {
        self.named(&anchor.subject).filter(move |facts| {
            *facts.public_key == *anchor.subject_public_key_info && is_valid(facts, now)
        })
    }

    /// Returns the certificates with this subject.
    pub(crate) fn named(&self, subject: &[u8]) -> impl Iterator<Item = Facts<'_>> {
        let places = self.places.get(subject).map_or(&[][..], Vec::as_slice);
        places
            .iter()
            .filter_map(|&place| self.certificates.get(place))
            .filter_map(|der| Facts::of(der))
    }
}

/// The role of the owner of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    Server,
    Client,
}

/// A verifier that is at least as strict as OpenSSL.
#[derive(Debug)]
pub(crate) struct Verifier {
    /// `None` for `rejectUnauthorized: false`: accepts any certificate whose key the server has.
    pub(crate) anchors: Option<Arc<Anchors>>,
    pub(crate) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(anchors) = &self.anchors else {
            return Ok(ServerCertVerified::assertion());
        };
        let algorithms = self.provider.signature_verification_algorithms.all;
        let certificate = EndEntityCert::try_from(end_entity).map_err(convert_error)?;
        if anchors.contains(end_entity) {
            verify_anchor(Owner::Server, &certificate, now, algorithms)?;
        } else {
            verify_path(
                Owner::Server,
                &certificate,
                anchors,
                intermediates,
                now,
                algorithms,
            )?;
        }
        certificate
            .verify_is_valid_for_subject_name(server_name)
            .map_err(convert_error)?;
        if certificate.valid_dns_names().any(is_too_wide) {
            return Err(CertificateError::NotValidForName.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

pub(crate) type Algorithms<'a> = &'a [&'static dyn SignatureVerificationAlgorithm];

/// Verifies a certificate by a path to one of the anchors.
pub(crate) fn verify_path(
    owner: Owner,
    certificate: &EndEntityCert<'_>,
    anchors: &Anchors,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
    algorithms: Algorithms<'_>,
) -> Result<(), Error> {
    // OpenSSL tries only the first path.
    let is_doubtful = Cell::new(false);
    let check = |path: &VerifiedPath<'_>| {
        anchors
            .check(owner, path, now)
            .inspect_err(|_| is_doubtful.set(true))
    };
    let usage = match owner {
        Owner::Server => KeyUsage::server_auth(),
        Owner::Client => KeyUsage::client_auth(),
    };
    let verified = certificate.verify_for_usage(
        algorithms,
        &anchors.anchors,
        intermediates,
        now,
        usage,
        None,
        Some(&check),
    );
    verified.map_err(convert_error)?;
    if is_doubtful.get() {
        return Err(CertificateError::UnknownIssuer.into());
    }
    Ok(())
}

/// Verifies a certificate that is itself one of the anchors, which is common for development
/// servers. It has no path. webpki would refuse it as an authority, or search for an authority in
/// it. OpenSSL 3 treats it as an authority regardless of its basic constraints and its signing bit,
/// and checks its period and its use.
pub(crate) fn verify_anchor(
    owner: Owner,
    certificate: &EndEntityCert<'_>,
    now: UnixTime,
    algorithms: Algorithms<'_>,
) -> Result<(), Error> {
    let der = certificate.der();
    let is_good = Facts::of(&der).is_some_and(|facts| {
        is_valid(&facts, now) && is_alone(owner, &facts) && is_self_signed(certificate, algorithms)
    });
    if is_good {
        Ok(())
    } else {
        Err(CertificateError::UnknownIssuer.into())
    }
}

/// Returns whether the certificate's own key signed it. The names of subject and issuer may be
/// equal although another key signed it.
fn is_self_signed(certificate: &EndEntityCert<'_>, algorithms: Algorithms<'_>) -> bool {
    let der = certificate.der();
    Signed::of(&der).is_some_and(|signed| {
        algorithms
            .iter()
            .filter(|algorithm| *algorithm.signature_alg_id() == *signed.algorithm)
            .any(|algorithm| {
                certificate
                    .verify_signature(*algorithm, signed.message, signed.signature)
                    .is_ok()
            })
    })
}

impl Anchors {
    pub(crate) fn contains(&self, der: &CertificateDer<'_>) -> bool {
        self.certificates.iter().any(|anchor| anchor == der)
    }

    /// Checks the properties that webpki does not check, from the server's certificate to the
    /// authority's.
    fn check(
        &self,
        owner: Owner,
        path: &VerifiedPath<'_>,
        now: UnixTime,
    ) -> Result<(), webpki::Error> {
        let doubtful = webpki::Error::UnknownIssuer;
        let leaf = path.end_entity().der();
        let between: Vec<_> = path
            .intermediate_certificates()
            .map(|certificate| certificate.der())
            .collect();
        let mut chain = Vec::with_capacity(between.len() + 2);
        for der in std::iter::once(&leaf).chain(&between) {
            chain.push(Facts::of(der).ok_or(doubtful.clone())?);
        }
        let mut is_trusted = false;
        for anchor in self.find(path.anchor(), now) {
            chain.push(anchor);
            if !is_chain(owner, &chain) {
                return Err(doubtful);
            }
            chain.pop();
            is_trusted = true;
        }
        if is_trusted { Ok(()) } else { Err(doubtful) }
    }
}

/// Returns whether each certificate is valid at its position, and each names the key of the next one. webpki verifies
/// the signatures.
pub(crate) fn is_chain(owner: Owner, chain: &[Facts<'_>]) -> bool {
    let Some((leaf, authorities)) = chain.split_first() else {
        return false;
    };
    is_for_tls(owner, leaf)
        && !chain.iter().any(|facts| facts.is_strange)
        && authorities.iter().enumerate().all(|(below, authority)| {
            authority.is_authority == Some(true)
                && is_extended_to(owner, authority)
                && has_key_usage(authority, KEY_CERT_SIGN)
                && authority.path_length.is_none_or(|most| below <= most)
        })
        && chain.iter().zip(authorities).all(names_key_of)
}

/// Returns whether a self-signed certificate may be that of the owner.
pub(crate) fn is_alone(owner: Owner, facts: &Facts<'_>) -> bool {
    is_for_tls(owner, facts) && !facts.is_strange && names_key_of((facts, facts))
}

pub(crate) fn is_for_tls(owner: Owner, facts: &Facts<'_>) -> bool {
    let usages = match owner {
        Owner::Server => DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT,
        Owner::Client => DIGITAL_SIGNATURE | KEY_AGREEMENT,
    };
    has_key_usage(facts, usages) && is_extended_to(owner, facts)
}

/// Returns whether the extended key usage allows the use, also below an authority.
pub(crate) fn is_extended_to(owner: Owner, facts: &Facts<'_>) -> bool {
    let usage = match owner {
        Owner::Server => facts.is_for_servers,
        Owner::Client => facts.is_for_clients,
    };
    usage != Some(false)
}

fn has_key_usage(facts: &Facts<'_>, any_of: u8) -> bool {
    facts.key_usage.is_none_or(|usage| usage & any_of != 0)
}

/// Returns whether a certificate may be signed by the key of an issuer, as far as it names a key.
pub(crate) fn names_key_of((subject, issuer): (&Facts<'_>, &Facts<'_>)) -> bool {
    match (&subject.authority_key, issuer.subject_key) {
        (None, _) | (Some(AuthorityKey::Identifier(_)), None) => true,
        (Some(AuthorityKey::Identifier(named)), Some(key)) => *named == key,
        (Some(AuthorityKey::Otherwise), _) => false,
    }
}

pub(crate) fn is_valid(facts: &Facts<'_>, now: UnixTime) -> bool {
    i64::try_from(now.as_secs()).is_ok_and(|now| facts.not_before <= now && now <= facts.not_after)
}

/// Returns whether a wildcard covers a top-level domain. Node refuses a certificate for `*.com`.
fn is_too_wide(name: &str) -> bool {
    name.strip_prefix("*.")
        .is_some_and(|rest| !rest.contains('.'))
}

fn convert_error(error: webpki::Error) -> Error {
    Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(Arc::new(error))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Facts<'static> {
        Facts {
            key_usage: Some(DIGITAL_SIGNATURE),
            ..Facts::default()
        }
    }

    fn authority() -> Facts<'static> {
        Facts {
            is_authority: Some(true),
            key_usage: Some(KEY_CERT_SIGN),
            ..Facts::default()
        }
    }

    #[test]
    fn a_chain_that_openssl_might_refuse_is_refused() {
        for (name, expected, chain) in [
            ("a plain chain", true, [leaf(), authority()]),
            (
                "a leaf without a key usage",
                true,
                [Facts::default(), authority()],
            ),
            (
                "a leaf that may only sign certificates",
                false,
                [
                    Facts {
                        key_usage: Some(KEY_CERT_SIGN),
                        ..leaf()
                    },
                    authority(),
                ],
            ),
            (
                "a leaf for clients",
                false,
                [
                    Facts {
                        is_for_servers: Some(false),
                        ..leaf()
                    },
                    authority(),
                ],
            ),
            (
                "an issuer that is not an authority",
                false,
                [leaf(), leaf()],
            ),
            (
                "an authority that may not sign certificates",
                false,
                [
                    leaf(),
                    Facts {
                        key_usage: Some(DIGITAL_SIGNATURE),
                        ..authority()
                    },
                ],
            ),
            (
                "an authority for clients",
                false,
                [
                    leaf(),
                    Facts {
                        is_for_servers: Some(false),
                        ..authority()
                    },
                ],
            ),
            (
                "the key named by the leaf",
                true,
                [
                    Facts {
                        authority_key: Some(AuthorityKey::Identifier(b"a")),
                        ..leaf()
                    },
                    Facts {
                        subject_key: Some(b"a"),
                        ..authority()
                    },
                ],
            ),
            (
                "another key",
                false,
                [
                    Facts {
                        authority_key: Some(AuthorityKey::Identifier(b"a")),
                        ..leaf()
                    },
                    Facts {
                        subject_key: Some(b"b"),
                        ..authority()
                    },
                ],
            ),
            (
                "a key named by issuer and serial number",
                false,
                [
                    Facts {
                        authority_key: Some(AuthorityKey::Otherwise),
                        ..leaf()
                    },
                    authority(),
                ],
            ),
        ] {
            assert_eq!(is_chain(Owner::Server, &chain), expected, "{name}");
        }
    }

    #[test]
    fn a_self_signed_certificate_must_be_for_servers_and_name_its_own_key() {
        let named = |authority_key, subject_key| Facts {
            authority_key: Some(authority_key),
            subject_key,
            ..Facts::default()
        };
        for (name, expected, facts) in [
            ("a certificate without extensions", true, Facts::default()),
            ("a leaf", true, leaf()),
            ("an authority that may only sign", false, authority()),
            (
                "a certificate for clients",
                false,
                Facts {
                    is_for_servers: Some(false),
                    ..Facts::default()
                },
            ),
            (
                "a strange certificate",
                false,
                Facts {
                    is_strange: true,
                    ..Facts::default()
                },
            ),
            (
                "a certificate that names its own key",
                true,
                named(AuthorityKey::Identifier(b"a"), Some(b"a")),
            ),
            (
                "a certificate that names another key",
                false,
                named(AuthorityKey::Identifier(b"a"), Some(b"b")),
            ),
            (
                "a certificate that names a key by issuer and serial number",
                false,
                named(AuthorityKey::Otherwise, Some(b"a")),
            ),
        ] {
            assert_eq!(is_alone(Owner::Server, &facts), expected, "{name}");
        }
    }

    #[test]
    fn path_limits_are_enforced_and_strange_certificates_refused() {
        let limited = |path_length| Facts {
            path_length: Some(path_length),
            ..authority()
        };
        let strange = |facts| Facts {
            is_strange: true,
            ..facts
        };
        for (name, expected, chain) in [
            ("no limit", true, [leaf(), authority(), authority()]),
            (
                "within the root's limit",
                true,
                [leaf(), authority(), limited(1)],
            ),
            (
                "above the root's limit",
                false,
                [leaf(), authority(), limited(0)],
            ),
            (
                "within the intermediate's limit",
                true,
                [leaf(), limited(0), authority()],
            ),
            (
                "a strange leaf",
                false,
                [strange(leaf()), authority(), authority()],
            ),
            (
                "a strange intermediate",
                false,
                [leaf(), strange(authority()), authority()],
            ),
            (
                "a strange root",
                false,
                [leaf(), authority(), strange(authority())],
            ),
        ] {
            assert_eq!(is_chain(Owner::Server, &chain), expected, "{name}");
        }
    }

    #[test]
    fn a_wildcard_for_a_top_level_domain_is_too_wide() {
        for (name, expected) in [
            ("*.com", true),
            ("*.example.com", false),
            ("example.com", false),
            ("*.", true),
        ] {
            assert_eq!(is_too_wide(name), expected, "{name}");
        }
    }
}
