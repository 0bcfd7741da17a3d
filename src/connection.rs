//! `Connection`: a connection as JavaScript sees it, without a socket.

use napi::bindgen_prelude::{BufferSlice, Object};
use napi::{Env, Result};
use napi_derive::napi;
use proto::connection::{self, Connection as Core};
use proto::handshake::ClientRequest;
use proto::output::{Caused, Event, Kind, Output};

use crate::convert::error::throw;
use crate::convert::options::{ConnectionOptions, random};
use crate::convert::output::{self, ConnectionEvent, JsOutput};
use crate::handshake;
use crate::http::flat_headers;
use crate::registry::{Borrowed, Registered, Registration};
use crate::seam::{ReadyState, Sent};

/// One connection. What a method causes is returned, never called back: bytes wait in the output
/// until they are taken, and outputs that the peer caused wait until they are polled.
#[napi]
pub struct Connection {
    registration: Registration<Registered>,
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
            .map(|event| ConnectionEvent::new(env, event));
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
        let connection = Core::server(request, options.server());
        connection
            .map(Self::from)
            .map_err(|mistake| throw(env, &mistake))
    }

    /// A client's end.
    #[napi(factory, catch_unwind)]
    pub fn client(env: &Env, target: ClientTarget, options: ConnectionOptions) -> Result<Self> {
        let mut nonce = [0; 16];
        random(&mut nonce);
        let ClientTarget {
            host,
            target,
            username,
            password,
        } = target;
        let request = ClientRequest {
            host,
            target,
            username,
            password,
        };
        let connection = Core::client(&request, nonce, options.client());
        connection
            .map(Self::from)
            .map_err(|mistake| throw(env, &mistake))
    }

    /// Adds a header to the handshake; false when it is too late.
    #[napi(catch_unwind)]
    pub fn set_header(&mut self, env: &Env, name: String, value: String) -> Result<bool> {
        self.connection()
            .set_header(&name, &value)
            .map_err(|mistake| throw(env, &mistake))
    }

    /// Starts the opening handshake.
    #[napi(catch_unwind)]
    pub fn start<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        self.command(env, Core::start)
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
        let is_wanted = |output: &Output<'_>| match output {
            Output::Write => writes,
            Output::Event(Event::Ping(_)) => pings,
            Output::Event(Event::Pong(_)) => pongs,
            _ => true,
        };
        let next = |connection: &mut Core| output::next(env, connection, is_wanted);
        // After a panic there is the end to tell.
        let output = self.registration.attempt(next);
        output.unwrap_or_else(|| next(&mut self.connection()))
    }

    /// Marks the end of the message that has just been accepted: `takePassed` tells when it has left.
    #[napi(catch_unwind)]
    pub fn mark(&mut self) {
        self.connection().mark();
    }

    /// How many marks have left since it was last asked, in the order in which they were made.
    #[napi(catch_unwind)]
    pub fn take_passed(&mut self) -> u32 {
        self.connection().outbox().take_passed() as u32
    }

    /// Whether messages wait to be compressed, in slices of `work`.
    #[napi(getter, catch_unwind)]
    pub fn has_work(&self) -> bool {
        self.connection().has_work()
    }

    /// Does one slice of that work.
    #[napi(catch_unwind)]
    pub fn work<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        self.command(env, Core::work)
    }

    /// Closes. Without a code, the close frame is empty. Throws a RangeError for a code that must not travel.
    #[napi(catch_unwind)]
    pub fn close<'env>(
        &mut self,
        env: &'env Env,
        code: Option<f64>,
        reason: String,
    ) -> Result<Outcome<'env>> {
        // The cast saturates: what is beyond every code becomes one that must not travel.
        let code = code.map(|code| code as u16);
        let close = |connection: &mut Core| connection.close(code, &reason);
        match self.registration.attempt(close) {
            Some(Err(mistake)) => Err(throw(env, &mistake)),
            Some(Ok(caused)) => Outcome::new(env, caused),
            None => Outcome::new(env, self.connection().work()),
        }
    }

    /// Nothing can be written any more: forgets what waits for that.
    #[napi(catch_unwind)]
    pub fn drop_output<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        self.command(env, Core::drop_output)
    }

    /// The transport is gone: forgets what waits in either direction.
    #[napi(catch_unwind)]
    pub fn abandon(&mut self) {
        self.connection().abandon();
    }

    /// The first write that waits, a head or a frame, in a Buffer of its own; null when there is none.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn take_write<'env>(&mut self, env: &'env Env) -> Result<Option<BufferSlice<'env>>> {
        let mut connection = self.connection();
        let write = connection.outbox().take_first();
        write
            .map(|bytes| BufferSlice::copy_from(env, bytes))
            .transpose()
    }

    /// The longest message that is received, in bytes.
    #[napi(getter, catch_unwind)]
    pub fn max_length(&self) -> f64 {
        self.connection().max_length() as f64
    }

    /// What the functions of `calls()` know the connection by.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> u32 {
        self.registration.number()
    }

    /// Which protocol the connection speaks.
    #[napi(getter, catch_unwind)]
    pub fn version(&self) -> &'static str {
        self.connection().version().name()
    }

    /// Where it stands.
    #[napi(getter, catch_unwind)]
    pub fn ready_state(&self) -> ReadyState {
        match self.connection().ready_state() {
            connection::ReadyState::Unstarted => ReadyState::Unstarted,
            connection::ReadyState::Connecting => ReadyState::Connecting,
            connection::ReadyState::Open => ReadyState::Open,
            connection::ReadyState::Closing => ReadyState::Closing,
            connection::ReadyState::Closed => ReadyState::Closed,
        }
    }

    /// Whether it is known which subprotocol is in use, or that there is none.
    #[napi(getter, catch_unwind)]
    pub fn knows_protocol(&self) -> bool {
        self.connection().knows_subprotocol()
    }

    /// The subprotocol in use.
    #[napi(getter, catch_unwind)]
    pub fn protocol(&self) -> Option<String> {
        self.connection().subprotocol().map(str::to_owned)
    }

    /// Whether bytes have arrived that nothing has come of yet.
    #[napi(getter, catch_unwind)]
    pub fn has_unread(&self) -> bool {
        self.connection().has_unread()
    }

    /// Whether so much waits for the start that nothing more should be read until then.
    #[napi(getter, catch_unwind)]
    pub fn has_enough(&self) -> bool {
        self.connection().has_enough()
    }

    /// Bytes accepted and not taken yet.
    #[napi(getter, catch_unwind)]
    pub fn buffered_amount(&self) -> f64 {
        self.connection().buffered_amount() as f64
    }

    /// The status code of the server's answer, once it has arrived.
    #[napi(getter, catch_unwind)]
    pub fn status_code(&self) -> Option<u16> {
        self.connection().response().map(|head| head.status)
    }

    /// The headers of the server's answer: name, value, name, value …
    #[napi(getter, catch_unwind)]
    pub fn response_headers(&self) -> Vec<String> {
        self.connection()
            .response()
            .map(|head| flat_headers(&head.headers))
            .unwrap_or_default()
    }
}

impl Connection {
    pub(crate) fn registered(&self) -> &Registered {
        &self.registration
    }

    pub(crate) fn connection(&self) -> Borrowed<'_> {
        self.registration.connection()
    }

    /// What a command causes. If it panics, the end of the connection.
    pub(crate) fn command<'env>(
        &self,
        env: &'env Env,
        command: impl FnOnce(&mut Core) -> Caused,
    ) -> Result<Outcome<'env>> {
        let caused = self.registration.attempt(command);
        Outcome::new(env, caused.unwrap_or_else(|| self.connection().work()))
    }
}

impl From<Core> for Connection {
    fn from(connection: Core) -> Self {
        Self {
            registration: Registration::of_connection(connection),
        }
    }
}

/// What a function that sends a message returns: how many bytes wait to be taken, or a number of `Sent`.
pub(crate) fn sent(connection: &mut Core, accepted: bool) -> f64 {
    if !accepted {
        f64::from(Sent::Refused as i32)
    } else if connection.has_work() {
        f64::from(Sent::WaitsForWork as i32)
    } else {
        connection.outbox().bytes().len() as f64
    }
}

pub(crate) fn kind(is_text: bool) -> Kind {
    if is_text { Kind::Text } else { Kind::Binary }
}
