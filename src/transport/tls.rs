//! TLS as JavaScript configures it. Converts and delegates to `crates/tls`.

use std::sync::Arc;

use napi::bindgen_prelude::Buffer;
use napi::{Error, Result};
use napi_derive::napi;
use tls::{
    Agreement, Anchors, Clients, Config, Context, Pattern, ServerConfig, ServerSettings, Session,
    Settings, Tickets, Verdict, Version,
};

/// Certificates of trusted authorities, in DER.
#[napi]
pub struct TlsAnchors {
    anchors: Arc<Anchors>,
}

#[napi]
impl TlsAnchors {
    /// Parses the certificates. Skips those that do not belong to an authority.
    #[napi(constructor, catch_unwind)]
    pub fn new(certificates: Vec<Buffer>) -> Self {
        let certificates = certificates.into_iter().map(Vec::from);
        Self {
            anchors: Arc::new(Anchors::new(certificates)),
        }
    }
}

/// A configuration of TLS for many connections: everything except the name of the server.
#[napi]
pub struct TlsConfig {
    config: Config,
}

#[napi]
impl TlsConfig {
    /// Creates a configuration. Without `anchors`, it accepts every certificate. Versions are `TLSv1.2` and
    /// `TLSv1.3`. `key` is PKCS #8 in DER, for the first certificate of `chain`. Throws if rustls does not support a
    /// value.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        anchors: Option<&TlsAnchors>,
        lowest: String,
        highest: String,
        protocols: Vec<Buffer>,
        chain: Vec<Buffer>,
        key: Option<Buffer>,
    ) -> Result<Self> {
        let chain = chain.into_iter().map(Vec::from).collect();
        let settings = Settings {
            anchors: anchors.map(|anchors| Arc::clone(&anchors.anchors)),
            versions: (version(&lowest)?, version(&highest)?),
            protocols: protocols.into_iter().map(Vec::from).collect(),
            identity: key.map(|key| (chain, Vec::from(key))),
        };
        let config =
            Config::new(settings).map_err(|error| Error::from_reason(error.to_string()))?;
        Ok(Self { config })
    }
}

impl TlsConfig {
    pub(super) fn session(&self, host: &str) -> Option<Box<Session>> {
        Session::new(&self.config, host).map(Box::new)
    }
}

/// A chain of certificates in DER, and the key of the first one, PKCS #8 in DER.
#[napi(object, object_to_js = false)]
pub struct TlsIdentity {
    pub chain: Vec<Buffer>,
    pub key: Buffer,
}

/// The certificates that a server uses for some names.
#[napi(object, object_to_js = false)]
pub struct TlsContext {
    /// The name as Node's `addContext` takes it. The context without a name is the default.
    pub name: Option<String>,
    /// Certificates with different kinds of keys.
    pub identities: Vec<TlsIdentity>,
    /// The certificates, in DER, of the authorities that clients may have.
    pub authorities: Vec<Buffer>,
}

/// The settings of a server that concern all names.
#[napi(object, object_to_js = false)]
pub struct TlsServerSettings {
    /// `TLSv1.2` or `TLSv1.3`.
    pub lowest: String,
    pub highest: String,
    /// The application protocols, in order of preference.
    pub protocols: Vec<Buffer>,
    /// 48 bytes as in Node. Servers with the same keys resume each other's sessions. Without keys, the server issues
    /// no tickets.
    pub ticket_keys: Option<Buffer>,
    /// The bytes that identify the use of the sessions. A session is resumed only for the same use.
    pub session_context: Buffer,
    /// The lifetime of sessions in seconds.
    pub session_timeout: u32,
    /// Whether the server asks for certificates.
    pub asks_clients: bool,
    /// Whether a client must have a certificate.
    pub requires_clients: bool,
    /// The subjects, in DER, that the server names when it asks for a certificate.
    pub subjects: Vec<Buffer>,
}

/// A configuration of a TLS server for many connections.
#[napi]
pub struct TlsServerConfig {
    config: ServerConfig,
}

#[napi]
impl TlsServerConfig {
    /// Creates a configuration. Exactly one context has no name. Throws if rustls does not support a value.
    #[napi(constructor, catch_unwind)]
    pub fn new(contexts: Vec<TlsContext>, settings: TlsServerSettings) -> Result<Self> {
        let mut default = None;
        let mut others = Vec::new();
        for TlsContext {
            name,
            identities,
            authorities,
        } in contexts
        {
            let identities = identities.into_iter().map(|TlsIdentity { chain, key }| {
                (chain.into_iter().map(Vec::from).collect(), Vec::from(key))
            });
            let context = Context {
                identities: identities.collect(),
                anchors: Arc::new(Anchors::new(authorities.into_iter().map(Vec::from))),
            };
            match name {
                Some(name) => others.push((Pattern(name), context)),
                None => default = Some(context),
            }
        }
        let tickets = match settings.ticket_keys {
            Some(keys) => {
                let lifetime = settings.session_timeout;
                let tickets = Tickets::new(&keys, &settings.session_context, lifetime);
                Some(tickets.ok_or_else(|| Error::from_reason("Invalid length of ticket keys"))?)
            }
            None => None,
        };
        let settings = ServerSettings {
            default: default.ok_or_else(|| Error::from_reason("No default context"))?,
            contexts: others,
            versions: (version(&settings.lowest)?, version(&settings.highest)?),
            protocols: settings.protocols.into_iter().map(Vec::from).collect(),
            clients: match settings.asks_clients {
                false => Clients::Anonymous,
                true => Clients::Asked {
                    authorities: settings.subjects.into_iter().map(Vec::from).collect(),
                    must_answer: settings.requires_clients,
                },
            },
            tickets,
        };
        let config =
            ServerConfig::new(settings).map_err(|error| Error::from_reason(error.to_string()))?;
        Ok(Self { config })
    }
}

impl TlsServerConfig {
    pub(super) fn session(&self) -> Option<Box<Session>> {
        Session::accept(&self.config).map(Box::new)
    }
}

/// The results of the handshake that every connection of a server needs. The fields are those of `TlsAgreement`.
#[napi(object, object_from_js = false)]
pub struct TlsGreeting {
    pub protocol: Option<String>,
    pub name: Option<String>,
    pub is_trusted: bool,
    pub refusal: Option<&'static str>,
}

impl From<&Agreement> for TlsGreeting {
    fn from(agreement: &Agreement) -> Self {
        Self {
            protocol: protocol_of(agreement),
            name: agreement.name.clone(),
            is_trusted: agreement.client == Verdict::Trusted,
            refusal: refusal_of(agreement),
        }
    }
}

/// The results of the handshake of TLS, and the peer's certificates.
#[napi(object, object_from_js = false)]
pub struct TlsAgreement {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The name that rustls uses.
    pub cipher: &'static str,
    /// The application protocol, if one was negotiated.
    pub protocol: Option<String>,
    /// The certificates that the peer has sent, in DER, its own first.
    pub certificates: Vec<Buffer>,
    /// The name that a client has asked a server for.
    pub name: Option<String>,
    /// A server's own certificate in DER.
    pub own: Option<Buffer>,
    pub is_resumed: bool,
    /// Whether a server has asked for a certificate, and trusts the client.
    pub is_trusted: bool,
    /// OpenSSL's code for the reason why a server that has asked for a certificate does not trust the client.
    pub refusal: Option<&'static str>,
}

impl From<&Agreement> for TlsAgreement {
    fn from(agreement: &Agreement) -> Self {
        Self {
            version: match agreement.version {
                Version::Tls12 => "TLSv1.2",
                Version::Tls13 => "TLSv1.3",
            },
            cipher: agreement.cipher,
            protocol: protocol_of(agreement),
            certificates: agreement
                .certificates
                .iter()
                .map(|der| Buffer::from(der.as_slice()))
                .collect(),
            name: agreement.name.clone(),
            own: agreement.own.as_deref().map(Buffer::from),
            is_trusted: agreement.client == Verdict::Trusted,
            refusal: refusal_of(agreement),
            is_resumed: agreement.is_resumed,
        }
    }
}

fn protocol_of(agreement: &Agreement) -> Option<String> {
    let protocol = agreement.protocol.as_deref()?;
    Some(String::from_utf8_lossy(protocol).into_owned())
}

fn refusal_of(agreement: &Agreement) -> Option<&'static str> {
    match agreement.client {
        Verdict::Refused(code) => Some(code),
        Verdict::NotAsked | Verdict::Trusted => None,
    }
}

fn version(name: &str) -> Result<Version> {
    match name {
        "TLSv1.2" => Ok(Version::Tls12),
        "TLSv1.3" => Ok(Version::Tls13),
        other => Err(Error::from_reason(format!(
            "Invalid version: {other}; expected TLSv1.2 or TLSv1.3"
        ))),
    }
}
