//! Drives a connection as the shim does, and writes down all that comes out.

use std::collections::VecDeque;

use proto::connection::{Connection, ReadyState};
use proto::output::{Caused, Event, Kind, Output};

use crate::connections::{RSV1, negotiate, reserve};
use crate::stream::{Cut, Stream};
use crate::wire::{Framing, Wire};

/// A connection with an application that reacts in one way.
#[derive(Debug)]
pub struct Driver {
    connection: Connection,
    wire: Wire,
    style: Style,
    reaction: Reaction,
    has_extension: bool,
    /// Collected and not yet delivered.
    run: VecDeque<(Kind, Vec<u8>)>,
    transcript: Vec<Line>,
    is_closed: bool,
}

/// What came out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    Message(Kind, Vec<u8>),
    Write(Vec<u8>),
    Event(Event),
    State(ReadyState),
}

/// How messages are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// `poll` only.
    OneByOne,
    /// `poll_message` while there are messages, then their delivery, then `poll`.
    Runs,
}

/// What the application does in its handlers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reaction {
    Nothing,
    /// Sends every message back.
    Echo,
    /// Closes at the first message.
    CloseOnMessage,
    /// Closes at the first ping.
    CloseOnPing,
    /// Sends a message and closes as soon as it is open.
    SendAndCloseOnOpen,
}

impl Reaction {
    /// The reaction that a byte of input stands for.
    pub fn choose(choice: u8) -> Self {
        [
            Self::Nothing,
            Self::Echo,
            Self::CloseOnMessage,
            Self::CloseOnPing,
            Self::SendAndCloseOnOpen,
        ][usize::from(choice) % 5]
    }
}

impl Driver {
    /// A connection that has not been started.
    pub fn new(connection: Connection, framing: Framing, style: Style, reaction: Reaction) -> Self {
        Self {
            connection,
            wire: Wire::new(framing),
            style,
            reaction,
            has_extension: false,
            run: VecDeque::new(),
            transcript: Vec::new(),
            is_closed: false,
        }
    }

    /// Negotiates the extension `x`, whose session changes nothing.
    pub fn add_extension(&mut self) {
        // A client reserves bits when its offer has been answered.
        let is_client = self.connection.ready_state() == ReadyState::Unstarted;
        if let Some(negotiation) = self.connection.negotiation() {
            self.has_extension = true;
            if is_client {
                let added = negotiation.add("x", &[]);
                added.expect("there is no line break");
            } else {
                negotiate(negotiation);
            }
        }
    }

    pub fn start(&mut self) {
        let caused = self.connection.start();
        self.caused(caused);
        self.deliver();
    }

    pub fn receive(&mut self, piece: &[u8]) {
        self.connection.receive(piece);
        self.deliver();
    }

    pub fn send(&mut self, kind: Kind, payload: &[u8]) {
        if self.has_extension && self.connection.ready_state() == ReadyState::Open {
            self.connection.send_transformed(kind, RSV1, payload);
        } else {
            self.connection.send(kind, payload);
        }
        self.flush();
    }

    pub fn state(&self) -> ReadyState {
        self.connection.ready_state()
    }

    /// All that came out, and where the connection stands.
    pub fn finish(mut self) -> Vec<Line> {
        self.flush();
        let state = self.connection.ready_state();
        self.transcript.push(Line::State(state));
        self.transcript
    }

    fn deliver(&mut self) {
        while let Some(next) = self.next() {
            match next {
                Next::Message(kind, payload) => {
                    // A handler before this one may have closed the connection.
                    if self.connection.ready_state() == ReadyState::Open {
                        self.message(kind, payload);
                    }
                }
                Next::Transform(kind, payload) => {
                    let caused = self.connection.transformed(kind, &payload);
                    if caused.accepted {
                        self.message(kind, payload);
                    }
                    self.caused(caused);
                }
                Next::Write => self.flush(),
                Next::Event(event) => self.happened(event),
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
            Output::Unfinished => return self.next(),
            Output::Write => Next::Write,
            Output::Event(event) => Next::Event(event),
        })
    }

    fn caused(&mut self, caused: Caused) {
        for event in caused.events {
            self.happened(event);
        }
        self.flush();
    }

    fn message(&mut self, kind: Kind, payload: Vec<u8>) {
        if kind == Kind::Text {
            std::str::from_utf8(&payload).expect("a text message is UTF-8");
        }
        self.record(Line::Message(kind, payload.clone()));
        match self.reaction {
            Reaction::Echo => self.send(kind, &payload),
            Reaction::CloseOnMessage => self.close(),
            _ => {}
        }
    }

    fn happened(&mut self, event: Event) {
        self.flush();
        self.record(Line::Event(event.clone()));
        match event {
            Event::Open if self.reaction == Reaction::SendAndCloseOnOpen => {
                self.send(Kind::Text, "hé".as_bytes());
                self.close();
            }
            Event::Ping(_) if self.reaction == Reaction::CloseOnPing => self.close(),
            Event::Activate => {
                if let Some(negotiation) = self.connection.negotiation() {
                    reserve(negotiation);
                }
                let caused = self.connection.activated();
                self.caused(caused);
            }
            Event::Outgoing { kind, payload, .. } => self.send(kind, &payload),
            Event::Drain => {
                let caused = self.connection.drained();
                self.caused(caused);
            }
            Event::Close { .. } => {
                self.is_closed = true;
                assert_eq!(self.connection.ready_state(), ReadyState::Closed);
            }
            _ => {}
        }
    }

    fn close(&mut self) {
        let caused = self.connection.close(3001, "bye");
        self.caused(caused.expect("the code may be sent"));
    }

    /// Writes what is in the outbox, one write after the other.
    fn flush(&mut self) {
        while let Some(write) = self.connection.outbox().take_first() {
            self.wire.write(write);
            let line = Line::Write(write.to_vec());
            self.record(line);
        }
    }

    fn record(&mut self, line: Line) {
        assert!(!self.is_closed, "after the close: {line:?}");
        self.transcript.push(line);
    }
}

enum Next {
    Message(Kind, Vec<u8>),
    Transform(Kind, Vec<u8>),
    Write,
    Event(Event),
}

/// Checks that neither the cuts of the stream nor the way messages are asked for change what comes out.
///
/// # Panics
/// When one does.
pub fn assert_same_in_every_cut(stream: &Stream, run: impl Fn(Style, &[&[u8]]) -> Vec<Line>) {
    let expected = run(Style::OneByOne, &stream.pieces(Cut::Whole));
    for (style, cut) in [
        (Style::OneByOne, Cut::Sizes),
        (Style::OneByOne, Cut::Bytes),
        (Style::Runs, Cut::Whole),
        (Style::Runs, Cut::Sizes),
    ] {
        let found = run(style, &stream.pieces(cut));
        assert_eq!(found, expected, "{cut:?}, {style:?}");
    }
}
