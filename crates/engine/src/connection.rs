//! Where a connection comes from, and what its owner asks of it.
//!
//! Knows which outputs an owner wants, and what a command returns when it has panicked. What is called for every
//! message is in `calls.rs`.

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
use crate::registry::{Registered, Registration};

/// A connection with a number.
pub type Numbered = Registration<Registered>;

/// A server's end.
///
/// # Errors
/// A TypeError for a subprotocol that could not be written.
pub fn server(request: Request, options: ConnectionOptions) -> Result<Numbered, Mistake> {
    let connection = Connection::server(request, options.server())?;
    Ok(Numbered::of_connection(connection))
}

/// A client's end.
///
/// # Errors
/// As for [`server`].
pub fn client(target: &ClientRequest, options: ConnectionOptions) -> Result<Numbered, Mistake> {
    let connection = Connection::client(target, nonce(), options.client())?;
    Ok(Numbered::of_connection(connection))
}

/// An end whose opening handshake was made elsewhere, in RFC 6455's version or in version 8. It is open: nothing is
/// written, and no event comes. `deflate` is what was agreed on, if messages are compressed.
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

/// A connection that a panic has ended where nothing of it is left. `poll` and `work` tell its end.
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

/// Which outputs are wanted of those that can be left out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wants {
    /// Whether bytes wait to be written.
    pub writes: bool,
    /// Pings that have come.
    pub pings: bool,
    /// Pongs that have come.
    pub pongs: bool,
}

/// What is polled.
#[derive(Debug)]
pub enum Polled<'a> {
    /// A message, lent.
    Message(Message<'a>),
    /// Anything else.
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

/// What the owner does. What a command causes is returned; its bytes wait in the output until they are taken.
impl Registered {
    /// Adds a header to the handshake; false when it is too late.
    ///
    /// # Errors
    /// A TypeError for what would end the header line.
    pub fn set_header(&self, name: &str, value: &str) -> Result<bool, Mistake> {
        Ok(self.connection().set_header(name, value)?)
    }

    /// Starts the opening handshake.
    pub fn start(&self) -> Caused {
        self.command(Connection::start)
    }

    /// The next thing the peer caused that is wanted, as `take` makes it; None when more bytes are needed. A message
    /// comes alone: [`messages`](Self::messages) gives a run of them. Where `take` returns None there is no memory for
    /// a message, and the connection fails.
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
        // After a panic there is the end to tell.
        self.attempt(&mut next)
            .unwrap_or_else(|| next(&mut self.connection()))
    }

    /// Does one slice of the work that is left for later turns of an event loop.
    pub fn work(&self) -> Caused {
        self.command(Connection::work)
    }

    /// Closes. Without a code, the close frame is empty.
    ///
    /// # Errors
    /// A RangeError for a code that must not travel.
    pub fn close(&self, code: Option<f64>, reason: &str) -> Result<Caused, Mistake> {
        // The cast saturates: what is beyond every code becomes one that must not travel.
        let code = code.map(|code| code as u16);
        match self.attempt(|connection| connection.close(code, reason)) {
            Some(caused) => Ok(caused?),
            None => Ok(self.connection().work()),
        }
    }

    /// Nothing can be written any more: forgets what waits for that.
    pub fn discard_output(&self) -> Caused {
        self.command(Connection::discard_output)
    }

    /// What a command causes. If it panics, the end of the connection.
    pub(crate) fn command(&self, command: impl FnOnce(&mut Connection) -> Caused) -> Caused {
        let caused = self.attempt(command);
        caused.unwrap_or_else(|| self.connection().work())
    }
}

/// What can be read at any time.
impl Registered {
    /// The subprotocol in use.
    #[must_use]
    pub fn protocol(&self) -> Option<String> {
        self.connection().subprotocol().map(str::to_owned)
    }

    /// The status code of the server's answer, once it has arrived.
    #[must_use]
    pub fn status_code(&self) -> Option<u16> {
        self.connection().response().map(|head| head.status)
    }

    /// The headers of the server's answer: name, value, name, value …
    #[must_use]
    pub fn response_headers(&self) -> Vec<String> {
        let connection = self.connection();
        let headers = connection
            .response()
            .map(|head| flat_headers(&head.headers));
        headers.unwrap_or_default()
    }
}
