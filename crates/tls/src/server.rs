//! The configuration of a TLS server: certificates by name, tickets, and certificates of clients.

use std::cell::Cell;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::cipher_suite;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, Error, SignatureAlgorithm, SupportedCipherSuite};

use crate::clients::{Clients, Examiner, Verdict};
use crate::config::{Version, supported};
use crate::tickets::Tickets;
use crate::verify::Anchors;

/// The options of a server.
#[derive(Debug)]
pub struct ServerSettings {
    /// The context of names that no other context matches.
    pub default: Context,
    /// The contexts of names. The last one that matches a name is used.
    pub contexts: Vec<(Pattern, Context)>,
    /// The lowest and the highest version.
    pub versions: (Version, Version),
    /// The application protocols, in order of preference.
    pub protocols: Vec<Vec<u8>>,
    pub clients: Clients,
    /// Tickets for resumption. `None` issues none.
    pub tickets: Option<Tickets>,
}

/// The certificates for some names.
#[derive(Debug)]
pub struct Context {
    /// Chains of certificates, and their keys in PKCS #8. Each has another kind of key.
    pub identities: Vec<(Vec<Vec<u8>>, Vec<u8>)>,
    /// The authorities for certificates of clients.
    pub anchors: Arc<Anchors>,
}

/// A name of servers. Each asterisk stands for any characters except dots.
#[derive(Clone, Debug)]
pub struct Pattern(pub String);

/// Validated settings, shared by all connections that use them.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub(crate) tls: Arc<rustls::ServerConfig>,
    contexts: Arc<Contexts>,
    /// Whether the server asks for certificates.
    asks: bool,
}

/// The result of the choice of a certificate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// The name that the client has asked for.
    pub(crate) name: Option<Box<str>>,
    /// The place of the context; `None` for the default.
    place: Option<usize>,
    /// The server's own certificate.
    pub(crate) own: Option<Arc<[u8]>>,
}

impl ServerConfig {
    /// Validates settings. Fails for settings that rustls does not support: an unknown kind of key,
    /// a key that does not belong to its certificate, and an empty range of versions.
    pub fn new(settings: ServerSettings) -> Result<Self, Error> {
        let mut provider = default_provider();
        provider.cipher_suites = CIPHER_SUITES.to_vec();
        let provider = Arc::new(provider);
        let contexts = settings
            .contexts
            .into_iter()
            .map(|(pattern, context)| Ok((pattern, KnownContext::new(context, &provider)?)));
        let contexts = Arc::new(Contexts {
            default: KnownContext::new(settings.default, &provider)?,
            others: contexts.collect::<Result<_, Error>>()?,
        });
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&supported(settings.versions))?;
        let resolver = Arc::clone(&contexts);
        let mut config = match Examiner::new(&settings.clients, provider) {
            Some(examiner) => builder.with_client_cert_verifier(Arc::new(examiner)),
            None => builder.with_no_client_auth(),
        }
        .with_cert_resolver(resolver);
        config.alpn_protocols = settings.protocols;
        // Like Node, which prefers its own order.
        config.ignore_client_order = true;
        // For `Records`.
        config.enable_secret_extraction = true;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        match settings.tickets {
            Some(tickets) => config.ticketer = Arc::new(tickets),
            None => config.send_tls13_tickets = 0,
        }
        Ok(Self {
            tls: Arc::new(config),
            contexts,
            asks: matches!(settings.clients, Clients::Asked { .. }),
        })
    }

    /// Returns the verdict about the client of a session.
    pub(crate) fn examine(&self, choice: &Choice, certificates: &[Vec<u8>]) -> Verdict {
        if !self.asks {
            return Verdict::NotAsked;
        }
        let place = choice
            .place
            .and_then(|place| self.contexts.others.get(place));
        let context = place.map_or(&self.contexts.default, |(_, context)| context);
        match context.anchors.examine_client(certificates) {
            Some(code) => Verdict::Refused(code),
            None => Verdict::Trusted,
        }
    }
}

impl Pattern {
    /// Returns whether the pattern stands for this name.
    fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        // The number of characters that the current asterisk may skip is limited by the next dot.
        // An asterisk may stand for nothing. The last part must reach the end of the name.
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            let label = rest.find('.').unwrap_or(rest.len());
            let found = if parts.peek().is_none() {
                rest.strip_suffix(part)
                    .map(str::len)
                    .filter(|&skipped| skipped <= label)
            } else {
                rest.find(part).filter(|&skipped| skipped <= label)
            };
            let Some(skipped) = found else { return false };
            rest = rest.get(skipped + part.len()..).unwrap_or_default();
        }
        rest.is_empty()
    }
}

/// All contexts of a server.
#[derive(Debug)]
struct Contexts {
    default: KnownContext,
    others: Vec<(Pattern, KnownContext)>,
}

/// A context with parsed keys.
#[derive(Debug)]
struct KnownContext {
    identities: Vec<Identity>,
    anchors: Arc<Anchors>,
}

/// A certificate, and its key with the chain.
#[derive(Debug)]
struct Identity {
    own: Arc<[u8]>,
    certified: Arc<CertifiedKey>,
}

impl KnownContext {
    fn new(context: Context, provider: &CryptoProvider) -> Result<Self, Error> {
        let identities = context.identities.into_iter().map(|(chain, key)| {
            let own = chain.first().map(Vec::as_slice).unwrap_or_default().into();
            let chain = chain.into_iter().map(CertificateDer::from).collect();
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
            let certified = Arc::new(CertifiedKey::from_der(chain, key, provider)?);
            Ok(Identity { own, certified })
        });
        Ok(Self {
            identities: identities.collect::<Result<_, Error>>()?,
            anchors: context.anchors,
        })
    }

    /// Returns an identity that the client supports. OpenSSL prefers RSA for TLS 1.2, by the order of its
    /// cipher suites, and ECDSA for TLS 1.3, by the order of its signature schemes.
    fn choose(&self, hello: &ClientHello<'_>) -> Option<&Identity> {
        let schemes = hello.signature_schemes();
        let suites = hello.cipher_suites();
        let is_tls13 = suites.iter().any(|suite| TLS13.contains(suite));
        let supported = self
            .identities
            .iter()
            .filter(|identity| identity.certified.key.choose_scheme(schemes).is_some());
        supported.min_by_key(|identity| {
            let is_rsa = identity.certified.key.algorithm() == SignatureAlgorithm::RSA;
            is_rsa == is_tls13
        })
    }
}

impl ResolvesServerCert for Contexts {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        let place = name.and_then(|name| {
            self.others
                .iter()
                .rposition(|(pattern, _)| pattern.matches(name))
        });
        let context = place.and_then(|place| self.others.get(place));
        let context = context.map_or(&self.default, |(_, context)| context);
        let identity = context.choose(&hello);
        CHOICE.set(Some(Choice {
            name: name.map(Box::from),
            place,
            own: identity.map(|identity| Arc::clone(&identity.own)),
        }));
        identity.map(|identity| Arc::clone(&identity.certified))
    }
}

thread_local! {
    /// The last choice on this thread. rustls does not return it: it calls the resolver while a session processes
    /// bytes.
    static CHOICE: Cell<Option<Choice>> = const { Cell::new(None) };
}

/// Takes the choice that rustls has made since the last call.
pub(crate) fn take_choice() -> Option<Choice> {
    CHOICE.take()
}

/// Node's order.
const CIPHER_SUITES: [SupportedCipherSuite; 9] = [
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];
const TLS13: [CipherSuite; 3] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_like_nodes_contexts() {
        for (pattern, name, expected) in [
            ("a.test", "a.test", true),
            ("a.test", "A.test", false),
            ("a.test", "b.a.test", false),
            ("a.test", "a.test2", false),
            ("*.test", "a.test", true),
            ("*.test", ".test", true),
            ("*.test", "a.b.test", false),
            ("a*.test", "abc.test", true),
            ("a*.test", "a.test", true),
            ("*.*.test", "a.b.test", true),
            ("*a*.test", "bab.test", true),
            ("*", "localhost", true),
            ("*", "a.test", false),
            ("", "", true),
            ("*a", "aa", true),
        ] {
            let found = Pattern(pattern.to_owned()).matches(name);
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }
}
