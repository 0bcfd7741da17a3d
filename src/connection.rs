//! `Connection`: a connection without a socket, as JavaScript sees it.

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

/// One connection. Its methods return their effects and never call back: bytes stay in the outbox until JavaScript
/// takes them, and events that the peer causes stay until JavaScript polls them.
#[napi]
pub struct Connection {
    pub(crate) engine: Numbered,
}

/// The server of a client, from a parsed URL.
#[napi(object, object_to_js = false)]
pub struct ClientTarget {
    /// The host, and the port unless it is the default one.
    pub host: String,
    /// The path and the query.
    pub target: String,
    /// Percent-encoded, as in the URL.
    pub username: String,
    /// Percent-encoded, as in the URL.
    pub password: String,
}

/// The effects of a command.
#[napi(object, object_from_js = false)]
pub struct Outcome<'env> {
    /// False if the state of the connection did not allow the command.
    pub accepted: bool,
    /// Events, in order. The bytes in the output come before them.
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
    /// Creates the connection of a server. `headers` are those of an `http.IncomingMessage`, `location` is the
    /// requested URL. `needsHost` is true for a request in HTTP/1.1 from the wire.
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
        let options = engine::options::ConnectionOptions::from(options);
        let connection = connection::server(request, options.server());
        connection
            .map(Self::from)
            .map_err(|mistake| throw(env, mistake))
    }

    /// Creates the connection of a client.
    #[napi(factory, catch_unwind)]
    pub fn client(env: &Env, target: ClientTarget, options: ConnectionOptions) -> Result<Self> {
        let connection = connection::client(&target.into(), options.into());
        connection
            .map(Self::from)
            .map_err(|mistake| throw(env, mistake))
    }

    /// Returns an object for the connection with that number, which `calls().server` has created. Its collection
    /// releases the connection. Returns an ended connection if the number has been released.
    #[napi(factory, catch_unwind)]
    pub fn of(number: u32) -> Self {
        Self::from(Numbered::adopt(number))
    }

    /// Adds a header to the handshake. Returns false if the handshake has already been sent.
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

    /// Returns the next output that the peer caused: an array of messages, or an event. Returns null until more bytes
    /// arrive. Omits writes, pings and pongs unless the arguments request them.
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

    /// Marks the end of the message that was just accepted. `takePassed` reports when it has passed.
    #[napi(catch_unwind)]
    pub fn mark(&mut self) {
        self.engine.connection().mark();
    }

    /// Returns the number of marks that have passed since the last call. Marks pass in the order in which they were
    /// made.
    #[napi(catch_unwind)]
    pub fn take_passed(&mut self) -> u32 {
        self.engine.connection().outbox().take_passed() as u32
    }

    /// Whether messages remain that `work` compresses in slices.
    #[napi(getter, catch_unwind)]
    pub fn has_work(&self) -> bool {
        self.engine.connection().has_work()
    }

    /// Compresses one slice.
    #[napi(catch_unwind)]
    pub fn work<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.work())
    }

    /// Begins the closing handshake. Without a code, the close frame is empty. Throws a RangeError for a code that
    /// must not travel.
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

    /// Discards the output, because the transport cannot write any more. Abandons everything that depends on it.
    #[napi(catch_unwind)]
    pub fn discard_output<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.discard_output())
    }

    /// Discards the input and the output, and releases the memory and the number. The caller has no transport, or its
    /// transport has ended. The object remains an ended connection that keeps the negotiated properties.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.engine.release();
    }

    /// Returns the first write of the output, a head or a frame, in a Buffer of its own; null if there is none.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn take_write<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        let mut connection = self.engine.connection();
        let write = connection.outbox().take_first();
        write
            .map(|bytes| BufferSlice::copy_from(env, bytes))
            .transpose()
    }

    /// The limit for received messages, in bytes.
    #[napi(getter, catch_unwind)]
    pub fn max_length(&self) -> f64 {
        self.engine.connection().max_length() as f64
    }

    /// The number of the connection for the functions of `calls()`.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> u32 {
        self.engine.number()
    }

    /// The name of the protocol's version, for example `hybi-13`.
    #[napi(getter, catch_unwind)]
    pub fn version(&self) -> &'static str {
        self.engine.connection().version().name()
    }

    /// The state, as a number.
    #[napi(getter, catch_unwind)]
    pub fn ready_state(&self) -> ReadyState {
        self.engine.connection().ready_state().into()
    }

    /// Whether the subprotocol has been negotiated, or is known to be absent.
    #[napi(getter, catch_unwind)]
    pub fn knows_protocol(&self) -> bool {
        self.engine.connection().knows_subprotocol()
    }

    /// The subprotocol in use.
    #[napi(getter, catch_unwind)]
    pub fn protocol(&self) -> Option<String> {
        self.engine.protocol()
    }

    /// Whether received bytes have not been decoded yet.
    #[napi(getter, catch_unwind)]
    pub fn has_unread(&self) -> bool {
        self.engine.connection().has_unread()
    }

    /// Whether the transport should stop reading until the start, because enough bytes are stored.
    #[napi(getter, catch_unwind)]
    pub fn has_enough(&self) -> bool {
        self.engine.connection().has_enough()
    }

    /// The number of bytes of accepted messages that JavaScript or the reactor has not taken yet.
    #[napi(getter, catch_unwind)]
    pub fn buffered_amount(&self) -> f64 {
        self.engine.connection().buffered_amount() as f64
    }

    /// The status code of the server's response, once it has arrived.
    #[napi(getter, catch_unwind)]
    pub fn status_code(&self) -> Option<u16> {
        self.engine.status_code()
    }

    /// The headers of the server's response: name, value, name, value …
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
