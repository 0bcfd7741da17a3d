//! permessage-deflate: negotiation in a connection, and sessions without one.

use proto::error::ProtocolError;
use proto::extension::deflate::Session;
use proto::extension::deflate::agreement::{Agreed, NAME};
use proto::extension::deflate::options::{Compression, Options, WindowBits};
use proto::extension::header::{Parameters, parse, print};
use proto::extension::negotiation::Negotiation;

use crate::extensions::{Parameter, from_parameters, printable};
use crate::mistake::{Class, Mistake};
use crate::options::length_limit;
use crate::registry::Registered;

/// The options of permessage-deflate.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeflateOptions {
    /// zlib's level, 0 to 9. -1 or no value means our default.
    pub level: Option<i32>,
    /// zlib's memory level, 1 to 9. Default 8.
    pub mem_level: Option<i32>,
    /// zlib's strategy, 0 to 4. Default 0.
    pub strategy: Option<i32>,
    /// Whether we compress each message on its own. Default false.
    pub no_context_takeover: Option<bool>,
    /// The base-2 logarithm of our window, 8 to 15. Default 15.
    pub max_window_bits: Option<i32>,
    /// Whether we ask the peer to compress each message on its own. Default false.
    pub request_no_context_takeover: Option<bool>,
    /// The maximum window that we ask the peer to use, as a base-2 logarithm.
    pub request_max_window_bits: Option<i32>,
    /// The size in bytes below which messages are sent uncompressed. Default 0. Without a connection, the caller
    /// applies it.
    pub threshold: Option<f64>,
}

impl TryFrom<DeflateOptions> for Options {
    type Error = Mistake;

    fn try_from(options: DeflateOptions) -> Result<Self, Mistake> {
        let byte = |value: i32| u8::try_from(value).unwrap_or(u8::MAX);
        let level = options.level.filter(|&level| level != -1).map(byte);
        let compression = Compression::new(
            level,
            options.mem_level.map(byte),
            options.strategy.map_or(0, byte),
        );
        let window = |name, bits: Option<i32>| match bits {
            None => Ok(None),
            Some(bits) => WindowBits::new(byte(bits))
                .map(Some)
                .ok_or_else(|| Mistake::out_of_range(name, bits.into(), "8 to 15")),
        };
        let bad_compression = || {
            let message =
                "Invalid compression: expected level -1 to 9, memLevel 1 to 9, strategy 0 to 4";
            Mistake::range(message.to_owned())
        };
        Ok(Self {
            compression: compression.ok_or_else(bad_compression)?,
            no_context_takeover: options.no_context_takeover.unwrap_or(false),
            max_window_bits: window("maxWindowBits", options.max_window_bits)?,
            request_no_context_takeover: options.request_no_context_takeover.unwrap_or(false),
            request_max_window_bits: window(
                "requestMaxWindowBits",
                options.request_max_window_bits,
            )?,
            // The cast saturates: with Infinity, every message is sent uncompressed.
            threshold: options.threshold.unwrap_or(0.0) as usize,
        })
    }
}

/// Negotiation of permessage-deflate by the core. Each method returns a RangeError for options out of range.
impl Registered {
    /// Adds a client's offer.
    ///
    /// # Errors
    /// A RangeError for options out of range.
    pub fn offer_deflate(&self, options: DeflateOptions) -> Result<(), Mistake> {
        self.negotiate(options, Negotiation::offer_deflate)?;
        Ok(())
    }

    /// Adds a server's response to the client's offers. Returns false if no offer is acceptable, or if another
    /// extension uses its bit.
    ///
    /// # Errors
    /// As for [`offer_deflate`](Self::offer_deflate).
    pub fn answer_deflate(&self, options: DeflateOptions) -> Result<bool, Mistake> {
        let is_accepted = self.negotiate(options, Negotiation::answer_deflate)?;
        Ok(is_accepted.unwrap_or(false))
    }

    /// Returns whether the server's response to our offer is acceptable.
    ///
    /// # Errors
    /// As for [`offer_deflate`](Self::offer_deflate).
    pub fn activate_deflate(&self, options: DeflateOptions) -> Result<bool, Mistake> {
        let activated = self.negotiate(options, Negotiation::activate_deflate)?;
        Ok(activated.unwrap_or(false))
    }

    /// Returns the negotiated session, for a pipeline with other extensions. The connection itself then compresses
    /// nothing.
    #[must_use]
    pub fn take_deflate(&self) -> Option<DeflateSession> {
        let mut connection = self.connection();
        let max_length = connection.max_length();
        let agreed = connection.negotiation()?.take_deflate()?;
        Some(DeflateSession {
            role: Role::Agreed,
            max_length,
            agreed: Some(agreed),
            session: Some(Session::new(&agreed, max_length)),
        })
    }

    /// Negotiates with valid options. Returns None if extensions cannot be negotiated now.
    fn negotiate<R>(
        &self,
        options: DeflateOptions,
        negotiate: impl FnOnce(&mut Negotiation, &Options) -> R,
    ) -> Result<Option<R>, Mistake> {
        let options = options.try_into()?;
        let mut connection = self.connection();
        let negotiation = connection.negotiation();
        Ok(negotiation.map(|negotiation| negotiate(negotiation, &options)))
    }
}

/// One permessage-deflate session outside of our connections: for other libraries, and beside other extensions.
#[derive(Debug)]
pub struct DeflateSession {
    role: Role,
    max_length: usize,
    agreed: Option<Agreed>,
    session: Option<Session>,
}

#[derive(Debug)]
enum Role {
    /// A client that has not received the response.
    Client(Options),
    /// A server, with its response.
    Server(Vec<(String, Option<String>)>),
    /// Either role; negotiated elsewhere.
    Agreed,
}

impl DeflateSession {
    /// Creates the session of a client.
    ///
    /// # Errors
    /// A RangeError for options out of range.
    pub fn client(options: DeflateOptions, max_length: f64) -> Result<Self, Mistake> {
        Ok(Self {
            role: Role::Client(options.try_into()?),
            max_length: length_limit(max_length),
            agreed: None,
            session: None,
        })
    }

    /// Creates the session of a server for the first acceptable offer; None if there is none.
    ///
    /// # Errors
    /// A RangeError for options out of range.
    pub fn server(
        options: DeflateOptions,
        offers: Vec<Vec<Parameter>>,
        max_length: f64,
    ) -> Result<Option<Self>, Mistake> {
        let options = Options::try_from(options)?;
        let offers: Vec<_> = offers.into_iter().map(printable).collect();
        let accepted = options.answer(offers.iter().map(Vec::as_slice));
        let max_length = length_limit(max_length);
        Ok(accepted.map(|(response, agreed)| Self {
            role: Role::Server(response),
            max_length,
            agreed: Some(agreed),
            session: Some(Session::new(&agreed, max_length)),
        }))
    }

    /// Returns the negotiated parameters, for a connection that compresses by itself.
    #[must_use]
    pub fn agreed(&self) -> Option<Agreed> {
        self.agreed
    }

    /// Returns a client's offer.
    #[must_use]
    pub fn offer(&self) -> Vec<Parameter> {
        match &self.role {
            Role::Client(options) => from_parameters(&options.offer()),
            Role::Server(_) | Role::Agreed => Vec::new(),
        }
    }

    /// Returns whether the response to a client's offer is acceptable. If so, the session can be used from now on.
    pub fn activate(&mut self, parameters: Vec<Parameter>) -> bool {
        self.begin(&printable(parameters))
    }

    /// Returns a client's offer as the value of a header.
    #[must_use]
    pub fn offer_header(&self) -> Option<String> {
        match &self.role {
            Role::Client(options) => Some(print(NAME, &options.offer())),
            Role::Server(_) | Role::Agreed => None,
        }
    }

    /// Returns whether a server's header contains an acceptable response to a client's offer, and names no other
    /// extension. If so, the session can be used from now on.
    pub fn activate_header(&mut self, header: &str) -> bool {
        match parse(header).as_deref() {
            Ok([element]) if element.name == NAME => self.begin(&element.parameters),
            _ => false,
        }
    }

    /// Returns a server's response.
    #[must_use]
    pub fn response(&self) -> Vec<Parameter> {
        match &self.role {
            Role::Server(response) => from_parameters(response),
            Role::Client(_) | Role::Agreed => Vec::new(),
        }
    }

    /// Inflates a message, and calls `take` with the result. Returns None for a large message:
    /// [`inflate_more`](Self::inflate_more) continues in a later turn of the event loop.
    ///
    /// # Errors
    /// An Error with zlib's message, or with the code `too_large`.
    pub fn inflate<T>(
        &mut self,
        payload: &[u8],
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, Mistake> {
        self.session()?.inflate(payload, take).map_err(failed)
    }

    /// Continues to inflate a large message.
    ///
    /// # Errors
    /// As for [`inflate`](Self::inflate).
    pub fn inflate_more<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, Mistake> {
        self.session()?.inflate_more(take).map_err(failed)
    }

    /// Compresses a message, and calls `take` with the result. Returns None for a large message:
    /// [`deflate_more`](Self::deflate_more) continues in a later turn.
    ///
    /// # Errors
    /// An Error if there is no memory, or if the session is not active.
    pub fn deflate<T>(
        &mut self,
        payload: &[u8],
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, Mistake> {
        self.session()?.deflate(payload, take).map_err(failed)
    }

    /// Continues to compress a large message.
    ///
    /// # Errors
    /// As for [`deflate`](Self::deflate).
    pub fn deflate_more<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, Mistake> {
        self.session()?.deflate_more(take).map_err(failed)
    }

    /// Releases the memory. The session cannot be used any more.
    pub fn close(&mut self) {
        self.session = None;
    }

    /// Begins the session if the server's response is acceptable.
    fn begin(&mut self, response: &Parameters) -> bool {
        self.agreed = match &self.role {
            Role::Client(options) => options.activate(response),
            Role::Server(_) | Role::Agreed => None,
        };
        let session = |agreed: &Agreed| Session::new(agreed, self.max_length);
        self.session = self.agreed.as_ref().map(session);
        self.session.is_some()
    }

    fn session(&mut self) -> Result<&mut Session, Mistake> {
        let inactive = || Mistake {
            class: Class::Error,
            code: Some("GenericFailure"),
            message: "The session is not active: activate it with the server's response first"
                .to_owned(),
        };
        self.session.as_mut().ok_or_else(inactive)
    }
}

fn failed(error: ProtocolError) -> Mistake {
    let (message, code) = match error {
        ProtocolError::Inflate(message) => (message.to_owned(), None),
        ProtocolError::TooLarge => (error.to_string(), Some("too_large")),
        other => (other.to_string(), None),
    };
    Mistake {
        class: Class::Error,
        code,
        message,
    }
}
