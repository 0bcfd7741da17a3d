//! A driver that uses a connection like our JavaScript, and passes each output to an application.

use std::collections::VecDeque;
use std::convert::Infallible;

use proto::connection::{Connection, ReadyState};
use proto::error::HandshakeError;
use proto::extension::deflate::options::Options;
use proto::extension::header::print;
use proto::frame::FrameStart;
use proto::output::{Caused, Event, Kind, Output};

use crate::connections::{RSV1, negotiate, reserve};

/// A connection with its application.
#[derive(Debug)]
pub struct Driver<A> {
    /// The receiver of the outputs.
    pub application: A,
    connection: Connection,
    style: Style,
    extension: Option<Extension>,
    /// Messages collected but not delivered. They remain here when a handler throws.
    run: VecDeque<(Kind, Vec<u8>)>,
    writes: VecDeque<Vec<u8>>,
    is_interrupted: bool,
    is_closed: bool,
}

/// The receiver of a connection's outputs, which may react.
pub trait Application: Sized {
    /// Handles an output. Outputs arrive in order.
    fn handle(driver: &mut Driver<Self>, line: Line);
}

/// An output of the driver.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// A message. A text is valid UTF-8.
    Message(Kind, Vec<u8>),
    /// A frame of the peer: the fields of its first byte, whether it was masked, and its payload.
    Frame(FrameStart, bool, Vec<u8>),
    /// One head or one frame.
    Write(Vec<u8>),
    /// An event.
    Event(Event),
}

/// The method of polling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// Only `poll`.
    OneByOne,
    /// `poll_message` until `None`, then the delivery of the messages, then `poll`. The bytes arrive
    /// through `Connection::read`, as from the reactor.
    Runs,
}

/// An extension that the application negotiates.
#[derive(Debug)]
pub enum Extension {
    /// permessage-deflate in the core.
    Deflate(Options),
    /// `x`, which owns RSV1 and does not transform messages.
    Foreign,
}

enum Next {
    Message(Kind, Vec<u8>),
    Transform(Kind, Vec<u8>),
    Frame(FrameStart, bool, Vec<u8>),
    Write,
    Event(Event),
}

impl<A: Application> Driver<A> {
    /// Creates a driver for a connection without output so far.
    pub fn new(connection: Connection, style: Style, application: A) -> Self {
        Self {
            application,
            connection,
            style,
            extension: None,
            run: VecDeque::new(),
            writes: VecDeque::new(),
            is_interrupted: false,
            is_closed: false,
        }
    }

    /// Returns the connection. The caller passes the results of commands to
    /// [`caused`](Self::caused).
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Returns the state of the connection.
    pub fn state(&self) -> ReadyState {
        self.connection.ready_state()
    }

    /// Offers an extension, or answers a client's offers. Returns whether that is possible, and
    /// `None` if it is too late.
    pub fn negotiate(&mut self, extension: Extension) -> Option<bool> {
        let is_client = self.connection.ready_state() == ReadyState::Unstarted;
        let negotiation = self.connection.negotiation()?;
        let is_possible = match &extension {
            Extension::Deflate(options) if is_client => {
                negotiation.offer_deflate(options);
                true
            }
            Extension::Deflate(options) => negotiation.answer_deflate(options),
            // A client reserves bits after the answer to its offer.
            Extension::Foreign if is_client => negotiation.add("x", &[]).is_ok(),
            Extension::Foreign => {
                negotiate(negotiation);
                true
            }
        };
        self.extension = Some(extension);
        Some(is_possible)
    }

    /// Begins the opening handshake.
    pub fn start(&mut self) {
        self.perform(|driver| {
            let caused = driver.connection.start();
            driver.caused(caused);
        });
    }

    /// Receives bytes from the peer.
    pub fn receive(&mut self, chunk: &[u8]) {
        match self.style {
            Style::OneByOne => self.perform(|driver| driver.connection.receive(chunk)),
            Style::Runs => {
                let mut rest = chunk;
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(rest.len().min(READ));
                    self.perform(|driver| read_all(&mut driver.connection, now));
                    rest = later;
                }
            }
        }
    }

    /// Performs a command, and delivers the available outputs unless a handler throws.
    pub fn perform(&mut self, command: impl FnOnce(&mut Self)) {
        self.is_interrupted = false;
        command(self);
        self.deliver();
    }

    /// Sends a message, through the session if any. Returns whether it was accepted.
    pub fn send(&mut self, kind: Kind, payload: &[u8]) -> bool {
        let is_open = self.connection.ready_state() == ReadyState::Open;
        let accepted = if is_open && matches!(self.extension, Some(Extension::Foreign)) {
            self.connection.send_transformed(kind, RSV1, payload)
        } else {
            self.connection.send(kind, payload)
        };
        self.flush();
        accepted
    }

    /// Passes on the events of a command.
    pub fn caused(&mut self, caused: Caused) {
        for event in caused.events {
            self.event(event);
        }
        self.flush();
    }

    /// Ends the current delivery, as a handler that throws does.
    pub fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    /// Writes the outbox, one write at a time.
    pub fn flush(&mut self) {
        while let Some(write) = self.connection.outbox().take_first() {
            self.writes.push_back(write.to_vec());
        }
        while let Some(write) = self.writes.pop_front() {
            self.report(Line::Write(write));
        }
    }

    fn deliver(&mut self) {
        while !self.is_interrupted {
            match self.next() {
                None => return,
                Some(Next::Message(kind, payload)) => {
                    // An earlier handler may have closed the connection.
                    if self.connection.ready_state() == ReadyState::Open {
                        self.message(kind, payload);
                    }
                }
                Some(Next::Transform(kind, payload)) => {
                    let caused = self.connection.transformed(kind, &payload);
                    if caused.accepted {
                        self.message(kind, payload);
                    }
                    self.caused(caused);
                }
                Some(Next::Write) => self.flush(),
                Some(Next::Event(event)) => self.event(event),
                Some(Next::Frame(start, masked, payload)) => {
                    self.flush();
                    self.report(Line::Frame(start, masked, payload));
                }
            }
        }
    }

    fn next(&mut self) -> Option<Next> {
        if self.style == Style::Runs && self.run.is_empty() {
            while let Some(message) = self.connection.poll_message() {
                self.run.push_back((message.kind, message.payload.to_vec()));
            }
        }
        if let Some((kind, payload)) = self.run.pop_front() {
            return Some(Next::Message(kind, payload));
        }
        Some(match self.connection.poll()? {
            Output::Message(message) => Next::Message(message.kind, message.payload.to_vec()),
            Output::Transform(message) => Next::Transform(message.kind, message.payload.to_vec()),
            Output::Frame(frame) => Next::Frame(frame.start, frame.masked, frame.payload.to_vec()),
            Output::Unfinished => return self.next(),
            Output::Write => Next::Write,
            Output::Event(event) => Next::Event(event),
        })
    }

    fn message(&mut self, kind: Kind, payload: Vec<u8>) {
        if kind == Kind::Text {
            std::str::from_utf8(&payload).expect("a text message is UTF-8");
        }
        self.report(Line::Message(kind, payload));
    }

    fn event(&mut self, event: Event) {
        self.flush();
        self.report(Line::Event(event.clone()));
        match event {
            Event::Activate => {
                let caused = self.activate();
                self.caused(caused);
            }
            Event::Outgoing { kind, payload, .. } => {
                self.send(kind, &payload);
            }
            Event::CloseSessions => {
                let caused = self.connection.sessions_closed();
                self.caused(caused);
            }
            Event::Open
            | Event::Ping(_)
            | Event::Pong(_)
            | Event::Error(_)
            | Event::Close { .. } => {}
        }
    }

    /// Activates a client's extension after a response.
    fn activate(&mut self) -> Caused {
        let negotiation = self
            .connection
            .negotiation()
            .expect("the client is activating");
        let is_acceptable = match &self.extension {
            Some(Extension::Deflate(options)) => negotiation.activate_deflate(options),
            Some(Extension::Foreign) => {
                reserve(negotiation);
                true
            }
            None => false,
        };
        if is_acceptable {
            return self.connection.activated();
        }
        let response = &negotiation.received()[0];
        let printed = print(&response.name, &response.parameters);
        self.connection
            .refuse(HandshakeError::UnacceptableExtension(printed))
    }

    fn report(&mut self, line: Line) {
        assert!(!self.is_closed, "an output after the close: {line:?}");
        if let Line::Event(Event::Close { .. }) = line {
            assert_eq!(self.connection.ready_state(), ReadyState::Closed);
            self.is_closed = true;
        }
        A::handle(self, line);
    }
}

/// Passes bytes to a connection through its reads, as a socket does.
pub fn read_all(connection: &mut Connection, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let read = read_once(connection, rest);
        rest = &rest[read..];
    }
}

/// Passes the first bytes to a connection through one read. Returns their number.
pub fn read_once(connection: &mut Connection, bytes: &[u8]) -> usize {
    let read = connection.read(|room| {
        let length = room.len().min(bytes.len());
        room[..length].copy_from_slice(&bytes[..length]);
        Ok::<_, Infallible>(length)
    });
    let Ok(length) = read;
    length
}

/// Less than the memory of a read: between two deliveries, everything arrives.
const READ: usize = 64 * 1024;
