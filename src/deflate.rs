//! permessage-deflate for JavaScript: negotiation in a `Connection`, and sessions without one.

use napi::bindgen_prelude::BufferSlice;
use napi::{Env, Error, Result, Status};
use napi_derive::napi;
use proto::error::ProtocolError;
use proto::extension::deflate::Session;
use proto::extension::deflate::agreement::{Agreed, NAME};
use proto::extension::deflate::options::{Compression, Options, WindowBits};
use proto::extension::header::{Parameters, parse, print};

use crate::connection::Connection;
use crate::convert::error::{OUT_OF_RANGE, out_of_range, pending};
use crate::convert::options::length_limit;
use crate::convert::value::Bytes;
use crate::extensions::{ExtensionParameter, from_parameters, printable};

/// What a program can tell permessage-deflate. Throws a RangeError for values out of range.
#[napi(object, object_to_js = false)]
pub struct DeflateOptions {
    /// zlib's, 0 to 9; -1 or nothing for ours.
    pub level: Option<i32>,
    /// zlib's, 1 to 9. Default 8.
    pub mem_level: Option<i32>,
    /// zlib's, 0 to 4. Default 0.
    pub strategy: Option<i32>,
    /// We compress each message on its own. Default false.
    pub no_context_takeover: Option<bool>,
    /// The base-2 logarithm of our window, 8 to 15. Default 15.
    pub max_window_bits: Option<i32>,
    /// The peer is asked to compress each message on its own. Default false.
    pub request_no_context_takeover: Option<bool>,
    /// The peer is asked to keep to such a window.
    pub request_max_window_bits: Option<i32>,
    /// In bytes: shorter messages are sent uncompressed. Default 0. Sessions without a connection leave that to their caller.
    pub threshold: Option<f64>,
}

impl DeflateOptions {
    fn into_options(self, env: &Env) -> Result<Options> {
        let byte = |value: i32| u8::try_from(value).unwrap_or(u8::MAX);
        let level = self.level.filter(|&level| level != -1).map(byte);
        let compression = Compression::new(
            level,
            self.mem_level.map(byte),
            self.strategy.map_or(0, byte),
        );
        let window = |name: &str, bits: Option<i32>| match bits {
            None => Ok(None),
            Some(bits) => WindowBits::new(byte(bits))
                .map(Some)
                .ok_or_else(|| out_of_range(env, name, bits.into(), "8 to 15")),
        };
        Ok(Options {
            compression: compression.ok_or_else(|| {
                let message =
                    "Invalid compression: level is -1 to 9, memLevel 1 to 9, strategy 0 to 4";
                let message = message.to_owned();
                pending(env.throw_range_error(&message, Some(OUT_OF_RANGE)), message)
            })?,
            no_context_takeover: self.no_context_takeover.unwrap_or(false),
            max_window_bits: window("maxWindowBits", self.max_window_bits)?,
            request_no_context_takeover: self.request_no_context_takeover.unwrap_or(false),
            request_max_window_bits: window("requestMaxWindowBits", self.request_max_window_bits)?,
            // The cast saturates: Infinity compresses nothing.
            threshold: self.threshold.unwrap_or(0.0) as usize,
        })
    }
}

#[napi]
impl Connection {
    /// Adds a client's offer of permessage-deflate.
    #[napi(catch_unwind)]
    pub fn offer_deflate(&mut self, env: &Env, options: DeflateOptions) -> Result<()> {
        let options = options.into_options(env)?;
        let mut connection = self.connection();
        if let Some(negotiation) = connection.negotiation() {
            negotiation.offer_deflate(&options);
        }
        Ok(())
    }

    /// Adds a server's response to the client's offers of permessage-deflate; false if none is
    /// acceptable, or its bit has another owner.
    #[napi(catch_unwind)]
    pub fn answer_deflate(&mut self, env: &Env, options: DeflateOptions) -> Result<bool> {
        let options = options.into_options(env)?;
        let mut connection = self.connection();
        let negotiation = connection.negotiation();
        Ok(negotiation.is_some_and(|negotiation| negotiation.answer_deflate(&options)))
    }

    /// Judges the server's response to a client's offer of permessage-deflate.
    #[napi(catch_unwind)]
    pub fn activate_deflate(&mut self, env: &Env, options: DeflateOptions) -> Result<bool> {
        let options = options.into_options(env)?;
        let mut connection = self.connection();
        let negotiation = connection.negotiation();
        Ok(negotiation.is_some_and(|negotiation| negotiation.activate_deflate(&options)))
    }

    /// The session that was negotiated, for a pipeline with other extensions. The connection itself then
    /// compresses nothing.
    #[napi(catch_unwind)]
    pub fn take_deflate(&mut self) -> Option<DeflateSession> {
        let max_length = self.connection().max_length();
        let agreed = self.connection().negotiation()?.take_deflate()?;
        Some(DeflateSession {
            role: Role::Agreed,
            max_length,
            agreed: Some(agreed),
            session: Some(Session::new(&agreed, max_length)),
        })
    }
}

/// One permessage-deflate session without a connection of ours: for other libraries, and next to other
/// extensions.
#[napi]
pub struct DeflateSession {
    role: Role,
    max_length: usize,
    agreed: Option<Agreed>,
    session: Option<Session>,
}

enum Role {
    /// A client that has not heard the response.
    Client(Options),
    /// A server, with its response.
    Server(Vec<(String, Option<String>)>),
    /// Negotiated elsewhere.
    Agreed,
}

#[napi]
impl DeflateSession {
    /// A client's end.
    #[napi(factory, catch_unwind)]
    pub fn client(env: &Env, options: DeflateOptions, max_length: f64) -> Result<Self> {
        Ok(Self {
            role: Role::Client(options.into_options(env)?),
            max_length: length_limit(max_length),
            agreed: None,
            session: None,
        })
    }

    /// A server's end, for the first acceptable of these offers; null if there is none.
    #[napi(catch_unwind)]
    pub fn server(
        env: &Env,
        options: DeflateOptions,
        offers: Vec<Vec<ExtensionParameter>>,
        max_length: f64,
    ) -> Result<Option<DeflateSession>> {
        let options = options.into_options(env)?;
        let offers: Vec<_> = offers.into_iter().map(printable).collect();
        let answer = options.answer(offers.iter().map(Vec::as_slice));
        let max_length = length_limit(max_length);
        Ok(answer.map(|(response, agreed)| Self {
            role: Role::Server(response),
            max_length,
            agreed: Some(agreed),
            session: Some(Session::new(&agreed, max_length)),
        }))
    }

    /// A client's offer.
    #[napi(catch_unwind)]
    pub fn offer(&self) -> Vec<ExtensionParameter> {
        match &self.role {
            Role::Client(options) => from_parameters(&options.offer()),
            Role::Server(_) | Role::Agreed => Vec::new(),
        }
    }

    /// Whether the response to a client's offer is acceptable. If so, the session works from now on.
    #[napi(catch_unwind)]
    pub fn activate(&mut self, parameters: Vec<ExtensionParameter>) -> bool {
        self.begin(&printable(parameters))
    }

    /// A client's offer as the value of a header.
    #[napi(catch_unwind)]
    pub fn offer_header(&self) -> Option<String> {
        match &self.role {
            Role::Client(options) => Some(print(NAME, &options.offer())),
            Role::Server(_) | Role::Agreed => None,
        }
    }

    /// Whether a server's header has an acceptable response to a client's offer, and names no other
    /// extension. If so, the session works from now on.
    #[napi(catch_unwind)]
    pub fn activate_header(&mut self, header: String) -> bool {
        let Ok(elements) = parse(&header) else {
            return false;
        };
        match elements.as_slice() {
            [element] if element.name == NAME => self.begin(&element.parameters),
            _ => false,
        }
    }

    /// A server's response.
    #[napi(catch_unwind)]
    pub fn response(&self) -> Vec<ExtensionParameter> {
        match &self.role {
            Role::Server(response) => from_parameters(response),
            Role::Client(_) | Role::Agreed => Vec::new(),
        }
    }

    /// Inflates a message. Null for a large one: `inflateMore` goes on with it, when the event loop has
    /// had its turn. Throws in zlib's words, or an Error whose code is `too_large`.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn inflate<'env>(
        &mut self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<Option<BufferSlice<'env>>> {
        let message = self
            .session()?
            .inflate(&payload, |message| copy(env, message));
        message.map_err(|error| failed(env, error))?.transpose()
    }

    /// Goes on with a large message.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn inflate_more<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        let message = self.session()?.inflate_more(|message| copy(env, message));
        message.map_err(|error| failed(env, error))?.transpose()
    }

    /// Compresses a message. Null for a large one, as in `inflate`.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn deflate<'env>(
        &mut self,
        env: &'env Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<Option<BufferSlice<'env>>> {
        let message = self
            .session()?
            .deflate(&payload, |message| copy(env, message));
        message.map_err(|error| failed(env, error))?.transpose()
    }

    /// Goes on with a large message.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn deflate_more<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        let message = self.session()?.deflate_more(|message| copy(env, message));
        message.map_err(|error| failed(env, error))?.transpose()
    }

    /// Gives the memory back. The session does not work any longer.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.session = None;
    }
}

impl DeflateSession {
    /// What was agreed on, for a connection that compresses by itself.
    pub(crate) fn agreed(&self) -> Option<Agreed> {
        self.agreed
    }

    /// Begins with what a server has answered, if that is acceptable.
    fn begin(&mut self, response: &Parameters) -> bool {
        self.agreed = match &self.role {
            Role::Client(options) => options.activate(response),
            Role::Server(_) | Role::Agreed => None,
        };
        let session = |agreed: &Agreed| Session::new(agreed, self.max_length);
        self.session = self.agreed.as_ref().map(session);
        self.session.is_some()
    }

    fn session(&mut self) -> Result<&mut Session> {
        let closed = || Error::new(Status::GenericFailure, "The session is not active");
        self.session.as_mut().ok_or_else(closed)
    }
}

fn copy<'env>(env: &'env Env, message: &[u8]) -> Result<BufferSlice<'env>> {
    BufferSlice::copy_from(env, message)
}

fn failed(env: &Env, error: ProtocolError) -> Error {
    let (message, code) = match error {
        ProtocolError::Inflate(words) => (words.to_owned(), None),
        ProtocolError::TooLarge => (error.to_string(), Some("too_large")),
        other => (other.to_string(), None),
    };
    pending(env.throw_error(&message, code), message)
}
