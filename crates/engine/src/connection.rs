//! Connections: their creation, and the commands of their owner.
//!
//! Knows which outputs an owner wants, and the result of a command after a panic. `calls.rs` contains the functions
//! for every message.

use std::cell::RefCell;
use std::rc::Rc;

use proto::connection::Connection;
use proto::extension::deflate::agreement::Agreed;
use proto::handshake::{ClientRequest, Version};
use proto::http::request::Request;
use proto::output::{Caused, Event, Message, Output};
use proto::policy::Policy;

use crate::event::FlatEvent;
use crate::http::flat_headers;
use crate::mistake::Mistake;
use crate::options::ConnectionOptions;
use crate::randomness::nonce;
use crate::registry::{Registered, Registration, Shared};

/// A connection with a number.
pub type Numbered = Registration<Registered>;

/// Creates the connection of a server.
///
/// # Errors
/// A TypeError for a subprotocol that cannot be written.
pub fn server(request: Request, policy: Policy) -> Result<Numbered, Mistake> {
    Ok(Numbered::of_connection(Connection::server(
        request, policy,
    )?))
}

/// Creates the connection of a client.
///
/// # Errors
/// As for [`server`].
pub fn client(target: &ClientRequest, options: ConnectionOptions) -> Result<Numbered, Mistake> {
    let connection = Connection::client(target, nonce(), options.client())?;
    Ok(Numbered::of_connection(connection))
}

/// Creates a connection whose opening handshake was made elsewhere, in RFC 6455's version or in version 8. It is
/// open: it writes nothing and yields no event for the opening. `deflate` states the negotiated parameters, if
/// messages are compressed.
#[must_use]
pub fn established(
    is_client: bool,
    options: ConnectionOptions,
    deflate: Option<Agreed>,
) -> Numbered {
    let version = options.version();
    let policy = match is_client {
        true => options.client(),
        false => options.server(),
    };
    Numbered::of_connection(Connection::established(&policy, version, deflate))
}

/// Creates a connection without a number, which only lends its outbox.
#[must_use]
pub fn lender() -> Shared {
    let connection = Connection::established(&Policy::default(), Version::Hybi13, None);
    Rc::new(RefCell::new(connection))
}

/// Creates an ended connection in the place of one that a panic has destroyed. `poll` and `work` report its end.
#[must_use]
pub fn faulted(is_draft: bool) -> Numbered {
    let version = if is_draft {
        Version::Hixie75
    } else {
        Version::Hybi13
    };
    let mut connection = Connection::established(&Policy::default(), version, None);
    connection.fault();
    Numbered::of_connection(connection)
}

/// The optional outputs that the caller wants.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wants {
    /// Whether there is output to write.
    pub writes: bool,
    /// Received pings.
    pub pings: bool,
    /// Received pongs.
    pub pongs: bool,
}

/// An output.
#[derive(Debug)]
pub enum Polled<'a> {
    /// A message; borrowed.
    Message(Message<'a>),
    /// Any other output.
    Event(FlatEvent<'a>),
}

impl Wants {
    fn include(self, output: &Output<'_>) -> bool {
        match output {
            Output::Write => self.writes,
            Output::Event(Event::Ping(_)) => self.pings,
            Output::Event(Event::Pong(_)) => self.pongs,
            Output::Event(_)
            | Output::Message(_)
            | Output::Transform(_)
            | Output::Unfinished
            | Output::Frame(_) => true,
        }
    }
}

impl<'a> From<Output<'a>> for Polled<'a> {
    fn from(output: Output<'a>) -> Self {
        Self::Event(match output {
            Output::Message(message) => return Self::Message(message),
            Output::Transform(message) => message.into(),
            Output::Unfinished => FlatEvent::of("unfinished"),
            Output::Frame(frame) => frame.into(),
            Output::Write => FlatEvent::of("write"),
            Output::Event(event) => event.into(),
        })
    }
}

/// Commands of the owner. They return their events. Their bytes stay in the outbox until the owner takes them.
impl Registered {
    /// Adds a header to the handshake. Returns false if the handshake has already been sent.
    ///
    /// # Errors
    /// A TypeError for a value that would end the header line.
    pub fn set_header(&self, name: &str, value: &str) -> Result<bool, Mistake> {
        Ok(self.connection().set_header(name, value)?)
    }

    /// Starts the opening handshake.
    pub fn start(&self) -> Caused {
        self.command(Connection::start)
    }

    /// Polls for the next wanted output that the peer caused, and returns it as `take` converts it; None until more
    /// bytes arrive. Returns one message at a time; [`messages`](Self::messages) returns a run. If `take` returns
    /// None for a message, for lack of memory, the connection fails.
    pub fn poll<R>(
        &self,
        wants: Wants,
        mut take: impl FnMut(Polled<'_>) -> Option<R>,
    ) -> Option<R> {
        let mut next = |connection: &mut Connection| {
            loop {
                let output = connection.poll()?;
                if !wants.include(&output) {
                    continue;
                }
                match take(output.into()) {
                    Some(taken) => return Some(taken),
                    None => connection.exhaust(),
                }
            }
        };
        // After a panic, the outputs are the connection's end.
        self.attempt(&mut next)
            .unwrap_or_else(|| next(&mut self.connection()))
    }

    /// Does one slice of the work that remains for later turns of an event loop.
    pub fn work(&self) -> Caused {
        self.command(Connection::work)
    }

    /// Begins the closing handshake. Without a code, the close frame is empty.
    ///
    /// # Errors
    /// A RangeError for a code that must not travel.
    pub fn close(&self, code: Option<f64>, reason: &str) -> Result<Caused, Mistake> {
        // The cast saturates: a number above every code becomes a code that must not travel.
        let code = code.map(|code| code as u16);
        match self.attempt(|connection| connection.close(code, reason)) {
            Some(caused) => Ok(caused?),
            None => Ok(self.connection().work()),
        }
    }

    /// Discards the output, because the transport cannot write any more. Abandons everything that depends on it.
    pub fn discard_output(&self) -> Caused {
        self.command(Connection::discard_output)
    }

    /// Runs a command and returns its effects; after a panic, the end of the connection.
    pub(crate) fn command(&self, command: impl FnOnce(&mut Connection) -> Caused) -> Caused {
        let caused = self.attempt(command);
        caused.unwrap_or_else(|| self.connection().work())
    }
}

/// Properties that can be read at any time.
impl Registered {
    /// Returns the subprotocol in use.
    #[must_use]
    pub fn protocol(&self) -> Option<String> {
        self.connection().subprotocol().map(str::to_owned)
    }

    /// Returns the status code of the server's response, once it has arrived.
    #[must_use]
    pub fn status_code(&self) -> Option<u16> {
        self.connection().response().map(|head| head.status)
    }

    /// Returns the headers of the server's response: name, value, name, value …
    #[must_use]
    pub fn response_headers(&self) -> Vec<String> {
        let connection = self.connection();
        let headers = connection
            .response()
            .map(|head| flat_headers(&head.headers));
        headers.unwrap_or_default()
    }
}
