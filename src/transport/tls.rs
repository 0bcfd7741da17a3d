//! TLS as JavaScript configures it. Converts and delegates to `crates/tls`.

use std::sync::Arc;

use napi::bindgen_prelude::Buffer;
use napi::{Error, Result};
use napi_derive::napi;
use tls::{Agreement, Anchors, Config, Session, Settings, Version};

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

/// The results of the handshake of TLS, and the server's certificates.
#[napi(object, object_from_js = false)]
pub struct TlsAgreement {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The name that rustls uses.
    pub cipher: &'static str,
    /// The application protocol, if one was negotiated.
    pub protocol: Option<String>,
    /// The certificates that the server has sent, in DER, its own first.
    pub certificates: Vec<Buffer>,
}

impl From<Agreement> for TlsAgreement {
    fn from(agreement: Agreement) -> Self {
        Self {
            version: match agreement.version {
                Version::Tls12 => "TLSv1.2",
                Version::Tls13 => "TLSv1.3",
            },
            cipher: agreement.cipher,
            protocol: agreement
                .protocol
                .map(|name| String::from_utf8_lossy(&name).into_owned()),
            certificates: agreement
                .certificates
                .into_iter()
                .map(Buffer::from)
                .collect(),
        }
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
