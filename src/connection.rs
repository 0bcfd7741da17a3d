//! `Connection`: a connection as JavaScript sees it, without a socket.

use engine::connection::{self, Numbered, Wants};
use napi::bindgen_prelude::{BufferSlice, Object};
use napi::{Env, Result};
use napi_derive::napi;
use proto::handshake::ClientRequest;
use proto::output::Caused;

use crate::convert::error::throw;
use crate::convert::options::ConnectionOptions;
use crate::convert::output::{self, ConnectionEvent, JsOutput};
use crate::handshake;
use crate::seam::ReadyState;

/// One connection. What a method causes is returned, never called back: bytes wait in the output
/// until they are taken, and outputs that the peer caused wait until they are polled.
#[napi]
pub struct Connection {
    pub(crate) engine: Numbered,
}

/// Where a client connects to, from a parsed URL.
#[napi(object, object_to_js = false)]
pub struct ClientTarget {
    /// Host, and port unless it is the default one.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// Percent-encoded, as in the URL.
    pub username: String,
    /// Percent-encoded, as in the URL.
    pub password: String,
}

/// What a command caused.
#[napi(object, object_from_js = false)]
pub struct Outcome<'env> {
    /// False when the state of the connection did not allow the command.
    pub accepted: bool,
    /// Events, in order; the bytes in the output come before them.
    pub events: Vec<ConnectionEvent<'env>>,
}

impl<'env> Outcome<'env> {
    pub(crate) fn new(env: &'env Env, caused: Caused) -> Result<Self> {
        let events = caused
            .events
            .into_iter()
            .map(|event| ConnectionEvent::new(env, event.into()));
        Ok(Self {
            accepted: caused.accepted,
            events: events.collect::<Result<_>>()?,
        })
    }
}

#[napi]
impl Connection {
    /// A server's end. `headers` are those of an `http.IncomingMessage`, `location` is the URL that was
    /// asked for; `needsHost` says that the request is HTTP/1.1 from the wire.
    #[napi(factory, catch_unwind)]
    pub fn server(
        env: &Env,
        method: String,
        location: String,
        needs_host: bool,
        headers: Object,
        options: ConnectionOptions,
    ) -> Result<Self> {
        let request = handshake::request(&method, &location, needs_host, &headers)?;
        let connection = connection::server(request, options.into());
        connection
            .map(Self::from)
            .map_err(|mistake| throw(env, mistake))
    }

    /// A client's end.
    #[napi(factory, catch_unwind)]
    pub fn client(env: &Env, target: ClientTarget, options: ConnectionOptions) -> Result<Self> {
        let connection = connection::client(&target.into(), options.into());
        connection
            .map(Self::from)
            .map_err(|mistake| throw(env, mistake))
    }

    /// Adds a header to the handshake; false when it is too late.
    #[napi(catch_unwind)]
    pub fn set_header(&mut self, env: &Env, name: String, value: String) -> Result<bool> {
        self.engine
            .set_header(&name, &value)
            .map_err(|mistake| throw(env, mistake))
    }

    /// Starts the opening handshake.
    #[napi(catch_unwind)]
    pub fn start<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.start())
    }

    /// The next thing the peer caused, or null when more bytes are needed: an array of a message, or one
    /// other thing. Writes, pings and pongs are left out unless they are wanted.
    #[napi(
        catch_unwind,
        ts_return_type = "Array<string | Buffer> | ConnectionEvent | null"
    )]
    pub fn poll<'env>(
        &mut self,
        env: &'env Env,
        writes: bool,
        pings: bool,
        pongs: bool,
    ) -> Result<Option<JsOutput<'env>>> {
        let wants = Wants {
            writes,
            pings,
            pongs,
        };
        let output = self
            .engine
            .poll(wants, |polled| output::polled(env, polled));
        output.transpose()
    }

    /// Marks the end of the message that has just been accepted: `takePassed` tells when it has left.
    #[napi(catch_unwind)]
    pub fn mark(&mut self) {
        self.engine.connection().mark();
    }

    /// How many marks have left since it was last asked, in the order in which they were made.
    #[napi(catch_unwind)]
    pub fn take_passed(&mut self) -> u32 {
        self.engine.connection().outbox().take_passed() as u32
    }

    /// Whether messages wait to be compressed, in slices of `work`.
    #[napi(getter, catch_unwind)]
    pub fn has_work(&self) -> bool {
        self.engine.connection().has_work()
    }

    /// Does one slice of that work.
    #[napi(catch_unwind)]
    pub fn work<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.work())
    }

    /// Closes. Without a code, the close frame is empty. Throws a RangeError for a code that must not travel.
    #[napi(catch_unwind)]
    pub fn close<'env>(
        &mut self,
        env: &'env Env,
        code: Option<f64>,
        reason: String,
    ) -> Result<Outcome<'env>> {
        let caused = self.engine.close(code, &reason);
        Outcome::new(env, caused.map_err(|mistake| throw(env, mistake))?)
    }

    /// Nothing can be written any more: forgets what waits for that.
    #[napi(catch_unwind)]
    pub fn drop_output<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.discard_output())
    }

    /// The transport is gone, or there was none and nothing more is to be said: forgets what waits in either direction,
    /// and gives its memory and its number back. From then on it is an ended connection, which still knows what was
    /// agreed on.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.engine.release();
    }

    /// The first write that waits, a head or a frame, in a Buffer of its own; null when there is none.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn take_write<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        let mut connection = self.engine.connection();
        let write = connection.outbox().take_first();
        write
            .map(|bytes| BufferSlice::copy_from(env, bytes))
            .transpose()
    }

    /// The longest message that is received, in bytes.
    #[napi(getter, catch_unwind)]
    pub fn max_length(&self) -> f64 {
        self.engine.connection().max_length() as f64
    }

    /// What the functions of `calls()` know the connection by.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> u32 {
        self.engine.number()
    }

    /// Which protocol the connection speaks.
    #[napi(getter, catch_unwind)]
    pub fn version(&self) -> &'static str {
        self.engine.connection().version().name()
    }

    /// Where it stands.
    #[napi(getter, catch_unwind)]
    pub fn ready_state(&self) -> ReadyState {
        self.engine.connection().ready_state().into()
    }

    /// Whether it is known which subprotocol is in use, or that there is none.
    #[napi(getter, catch_unwind)]
    pub fn knows_protocol(&self) -> bool {
        self.engine.connection().knows_subprotocol()
    }

    /// The subprotocol in use.
    #[napi(getter, catch_unwind)]
    pub fn protocol(&self) -> Option<String> {
        self.engine.protocol()
    }

    /// Whether bytes have arrived that nothing has come of yet.
    #[napi(getter, catch_unwind)]
    pub fn has_unread(&self) -> bool {
        self.engine.connection().has_unread()
    }

    /// Whether so much waits for the start that nothing more should be read until then.
    #[napi(getter, catch_unwind)]
    pub fn has_enough(&self) -> bool {
        self.engine.connection().has_enough()
    }

    /// Bytes accepted and not taken yet.
    #[napi(getter, catch_unwind)]
    pub fn buffered_amount(&self) -> f64 {
        self.engine.connection().buffered_amount() as f64
    }

    /// The status code of the server's answer, once it has arrived.
    #[napi(getter, catch_unwind)]
    pub fn status_code(&self) -> Option<u16> {
        self.engine.status_code()
    }

    /// The headers of the server's answer: name, value, name, value …
    #[napi(getter, catch_unwind)]
    pub fn response_headers(&self) -> Vec<String> {
        self.engine.response_headers()
    }
}

impl From<Numbered> for Connection {
    fn from(engine: Numbered) -> Self {
        Self { engine }
    }
}

impl From<ClientTarget> for ClientRequest {
    fn from(target: ClientTarget) -> Self {
        Self {
            host: target.host,
            target: target.target,
            username: target.username,
            password: target.password,
        }
    }
}
