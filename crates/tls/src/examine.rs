//! The reason why a server does not trust a client, as OpenSSL names it.
//!
//! Node lets OpenSSL continue after each error, so the last error counts: first those of the path, then those of the
//! use, then those of the time. A certificate that OpenSSL might trust and `verify.rs` does not has the reason of an
//! unknown authority.

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::EndEntityCert;

use crate::certificate::Facts;
use crate::verify::{
    Anchors, Owner, is_extended_to, is_for_tls, names_key_of, verify_anchor, verify_path,
};

impl Anchors {
    /// Returns OpenSSL's code for the reason not to trust a client with these certificates, its own first.
    pub(crate) fn examine_client(&self, certificates: &[Vec<u8>]) -> Option<&'static str> {
        let Some((own, sent)) = certificates.split_first() else {
            return Some("UNABLE_TO_GET_ISSUER_CERT");
        };
        let now = UnixTime::now();
        if self.trusts_client(own, sent, now) {
            return None;
        }
        Some(self.reason(own, sent, now))
    }

    fn trusts_client(&self, own: &[u8], sent: &[Vec<u8>], now: UnixTime) -> bool {
        let der = CertificateDer::from(own);
        let sent: Vec<_> = sent
            .iter()
            .map(|der| CertificateDer::from(der.as_slice()))
            .collect();
        let algorithms = default_provider().signature_verification_algorithms.all;
        let Ok(certificate) = EndEntityCert::try_from(&der) else {
            return self.trusts_first_version(own, now, algorithms);
        };
        let verified = if self.contains(&der) {
            verify_anchor(Owner::Client, &certificate, now, algorithms)
        } else {
            verify_path(Owner::Client, &certificate, self, &sent, now, algorithms)
        };
        verified.is_ok()
    }

    fn reason(&self, own: &[u8], sent: &[Vec<u8>], now: UnixTime) -> &'static str {
        let Some(own) = Facts::of(own) else {
            return UNKNOWN;
        };
        let mut chain = vec![own];
        let mut sent: Vec<_> = sent.iter().filter_map(|der| Facts::of(der)).collect();
        let mut is_trusted = false;
        // Like OpenSSL, prefers trusted certificates, and uses every sent one at most once.
        while let Some(last) = chain.last() {
            let is_root = last.issuer == last.subject;
            let found = self.named(last.issuer).find(|facts| is_issuer(facts, last));
            if let Some(found) = found {
                is_trusted = !is_root || found.public_key == last.public_key;
                if !is_root {
                    chain.push(found);
                }
                break;
            }
            let next = sent.iter().position(|facts| is_issuer(facts, last));
            match next {
                Some(place) if !is_root && chain.len() < LONGEST_CHAIN => {
                    chain.push(sent.swap_remove(place));
                }
                Some(_) | None => break,
            }
        }
        last_error(&chain, is_trusted, now).unwrap_or(UNKNOWN)
    }
}

/// Returns the last error that OpenSSL reports for a chain.
fn last_error(chain: &[Facts<'_>], is_trusted: bool, now: UnixTime) -> Option<&'static str> {
    let (own, authorities) = chain.split_first()?;
    let last = chain.last()?;
    let is_root = last.issuer == last.subject;
    let seconds = i64::try_from(now.as_secs()).ok()?;
    let time = |facts: &Facts<'_>| match () {
        () if seconds < facts.not_before => Some("CERT_NOT_YET_VALID"),
        () if seconds > facts.not_after => Some("CERT_HAS_EXPIRED"),
        () => None,
    };
    let of_path = match (is_trusted, is_root, authorities.is_empty()) {
        (true, ..) => None,
        (false, true, true) => Some("DEPTH_ZERO_SELF_SIGNED_CERT"),
        (false, true, false) => Some("SELF_SIGNED_CERT_IN_CHAIN"),
        (false, false, _) => Some("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
    };
    let of_use = match authorities
        .iter()
        .find(|facts| facts.is_authority != Some(true))
    {
        Some(_) => Some("INVALID_CA"),
        None if !is_for_tls(Owner::Client, own)
            || !authorities
                .iter()
                .all(|facts| is_extended_to(Owner::Client, facts)) =>
        {
            Some("INVALID_PURPOSE")
        }
        None => None,
    };
    let is_unverified = !is_trusted && !is_root && authorities.is_empty();
    let of_time = chain.iter().find_map(time);
    of_time
        .or(is_unverified.then_some(UNKNOWN))
        .or(of_use)
        .or(of_path)
}

/// Returns whether a certificate claims to have signed another.
fn is_issuer(issuer: &Facts<'_>, subject: &Facts<'_>) -> bool {
    issuer.subject == subject.issuer && names_key_of((subject, issuer))
}

const UNKNOWN: &str = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
/// One more than the longest chain that webpki accepts: a certificate and six authorities below a trusted one.
const LONGEST_CHAIN: usize = 8;
