//! Conversion of a connection's options to the engine's.

use engine::options::{self, Protocols};
use napi::Either;
use napi_derive::napi;
use proto::policy;

/// The interfaces, each of which has its own policy.
#[napi(string_enum = "kebab-case")]
#[derive(Clone, Copy)]
pub enum Interface {
    /// websocket-driver, and faye-websocket, which uses it.
    WebsocketDriver,
    /// The package `websocket`.
    WebsocketNode,
    /// The package `ws`.
    Ws,
}

/// The form in which the peer's data frames are delivered.
#[napi(string_enum = "kebab-case")]
#[derive(Clone, Copy)]
pub enum Delivery {
    /// Messages: strings and Buffers.
    Messages,
    /// Messages as arrays: whether the message is text, then a Buffer for each frame with a payload; one empty Buffer
    /// if no frame has a payload. A frame may end within a character. A compressed message counts as one frame.
    Fragments,
    /// Events of the kind `frame`, including control frames.
    Frames,
}

/// The options of a connection. The defaults are those of its interface.
#[napi(object, object_to_js = false)]
pub struct ConnectionOptions {
    /// The interface whose policy applies. Default: websocket-driver.
    pub interface: Option<Interface>,
    /// The limit for received messages, in bytes. Default with websocket-driver's policy: 67108863.
    pub max_length: Option<f64>,
    /// The limit for received frames, in bytes.
    pub max_frame: Option<f64>,
    /// The limit for frames of one message.
    pub max_fragments: Option<f64>,
    /// Whether we mask our frames. Default: true for clients.
    pub masking: Option<bool>,
    /// Whether a server accepts hixie-75 and hixie-76. With websocket-driver's policy, a server accepts them by
    /// default if the request asks for a WebSocket. With true, it treats every request without headers of RFC 6455
    /// as a request of a draft.
    pub allow_drafts: Option<bool>,
    /// Whether a server requires everything that RFC 6455 section 4.2.1 demands of a request. Default true. With
    /// false, the policy of `websocket-node` requires only a host, a key and a version; the other policies are always
    /// strict.
    pub strict_handshake: Option<bool>,
    /// Whether the peer's frames must be masked. With false, a server accepts masked and unmasked frames; so does a
    /// client with the policy of `websocket-node`.
    pub require_masking: Option<bool>,
    /// Subprotocols: an array, or a comma-separated list.
    pub protocols: Option<Either<String, Vec<String>>>,
    /// The form in which the peer's data frames are delivered.
    pub delivery: Option<Delivery>,
    /// Whether text must be valid UTF-8. Otherwise, invalid bytes become U+FFFD in delivered strings.
    pub checks_text: Option<bool>,
    /// The size above which we split messages into frames of this many bytes. Infinity: never.
    pub fragment_at: Option<f64>,
    /// Whether the connection answers pings. Otherwise, the caller must call `pong`.
    pub answers_pings: Option<bool>,
    /// The version that a client requests, or that an established connection of either role uses: 13 or 8. Default
    /// 13.
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
