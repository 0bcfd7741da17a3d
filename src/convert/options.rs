//! Options of a connection to the engine's.

use engine::options::{self, Protocols};
use napi::Either;
use napi_derive::napi;
use proto::policy;

/// The interfaces, each of which has its own policy.
#[napi(string_enum = "kebab-case")]
#[derive(Clone, Copy)]
pub enum Interface {
    /// websocket-driver, and faye-websocket on top of it.
    WebsocketDriver,
    /// The package `websocket`.
    WebsocketNode,
    /// The package `ws`.
    Ws,
}

/// What the peer's data frames become.
#[napi(string_enum = "kebab-case")]
#[derive(Clone, Copy)]
pub enum Delivery {
    /// Messages: strings and Buffers.
    Messages,
    /// Messages, each an array: whether it is text, and a Buffer for each frame that has a payload; one Buffer, if
    /// none has. Text may be cut within a character. A message that came compressed counts as one frame.
    Fragments,
    /// Events of the kind `frame`, control frames among them.
    Frames,
}

/// What a connection can be told before it starts. Where nothing is said, it does what its interface does.
#[napi(object, object_to_js = false)]
pub struct ConnectionOptions {
    /// Whose policy it has. Default: that of websocket-driver.
    pub interface: Option<Interface>,
    /// The longest message that is received, in bytes. With websocket-driver's policy 67108863 by default.
    pub max_length: Option<f64>,
    /// The largest frame that is received, in bytes.
    pub max_frame: Option<f64>,
    /// The most frames that a message may have.
    pub max_fragments: Option<f64>,
    /// Whether our frames are masked. Default: a client's are.
    pub masking: Option<bool>,
    /// Whether a server understands hixie-75 and hixie-76. With websocket-driver's policy it does by default, where
    /// the request asks for a WebSocket; with true, every request without headers of RFC 6455 counts as theirs.
    pub allow_drafts: Option<bool>,
    /// Whether a server holds requests to all that RFC 6455 section 4.2.1 demands. Default true. With false the policy
    /// of `websocket-node` is content with a host, a key and a version; the others are always strict.
    pub strict_handshake: Option<bool>,
    /// Whether the peer's frames must be masked; for a server, false takes both, and so it does for a client with the
    /// policy of `websocket-node`.
    pub require_masking: Option<bool>,
    /// Subprotocols: an array, or a comma-separated list.
    pub protocols: Option<Either<String, Vec<String>>>,
    /// What the peer's data frames become.
    pub delivery: Option<Delivery>,
    /// Whether text is checked to be UTF-8. What is not, and is delivered as a string, has U+FFFD in it.
    pub checks_text: Option<bool>,
    /// Messages of ours that are longer are sent in frames of this many bytes. Infinity for never.
    pub fragment_at: Option<f64>,
    /// Whether pings are answered. Else `pong` has to be called.
    pub answers_pings: Option<bool>,
    /// The version that a client asks for, or that an established connection of either role speaks: 13 or 8. Default 13.
    pub version: Option<u8>,
}

impl From<ConnectionOptions> for options::ConnectionOptions {
    fn from(options: ConnectionOptions) -> Self {
        Self {
            interface: options.interface.map(Into::into),
            max_length: options.max_length,
            max_frame: options.max_frame,
            max_fragments: options.max_fragments,
            masking: options.masking,
            allow_drafts: options.allow_drafts,
            strict_handshake: options.strict_handshake,
            require_masking: options.require_masking,
            protocols: options.protocols.map(|protocols| match protocols {
                Either::A(names) => Protocols::List(names),
                Either::B(names) => Protocols::Names(names),
            }),
            delivery: options.delivery.map(Into::into),
            checks_text: options.checks_text,
            fragment_at: options.fragment_at,
            answers_pings: options.answers_pings,
            version: options.version,
        }
    }
}

impl From<Interface> for options::Interface {
    fn from(interface: Interface) -> Self {
        match interface {
            Interface::WebsocketDriver => Self::WebsocketDriver,
            Interface::WebsocketNode => Self::WebsocketNode,
            Interface::Ws => Self::Ws,
        }
    }
}

impl From<Delivery> for policy::Delivery {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Messages => Self::Messages,
            Delivery::Fragments => Self::Fragments,
            Delivery::Frames => Self::Frames,
        }
    }
}
