//! Drives a connection as the shim does, and writes down all that comes out.
//!
//! Commands, at the top of a script or in a handler: `start`, `header <name>: <value>`,
//! `text <bytes>`, `binary <bytes>`, `ping <bytes>`, `pong <bytes>`, `close [code] [bytes]`, `abandon`,
//! `receive <bytes>`, `throw`, and for looking: `state`, `subprotocol`, `status`, `buffered`.
//!
//! For permessage-deflate: `deflate [option ...]` before the start, and `work`, which compresses what
//! waits for that. What has to be polled again is, at once.

use std::collections::VecDeque;

use faye_websocket_proto::connection::{Connection, ReadyState};
use faye_websocket_proto::error::{HandshakeError, InvalidArgument};
use faye_websocket_proto::extension::deflate::parameters::Options;
use faye_websocket_proto::extension::header::print;
use faye_websocket_proto::output::{Caused, Event, Form, Kind, Output};

use super::connections::deflate_options;
use super::notation::{bytes, show};

/// How messages are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    /// `poll` only.
    OneByOne,
    /// `poll_message` while there are messages, then their delivery, then `poll`.
    Runs,
}

pub(crate) struct Driver {
    connection: Connection,
    style: Style,
    deflate: Options,
    handlers: Vec<Handler>,
    lines: Vec<String>,
    /// Collected and not yet delivered. Stays here when a handler throws.
    run: VecDeque<(Kind, Vec<u8>)>,
    writes: VecDeque<Vec<u8>>,
    thrown: bool,
}

struct Handler {
    event: String,
    command: String,
    once: bool,
}

enum Next {
    Message(Kind, Vec<u8>),
    Write,
    Event(Event),
}

impl Driver {
    pub(crate) fn new(connection: Connection, style: Style) -> Self {
        Self {
            connection,
            style,
            deflate: Options::default(),
            handlers: Vec::new(),
            lines: Vec::new(),
            run: VecDeque::new(),
            writes: VecDeque::new(),
            thrown: false,
        }
    }

    /// Takes bytes from the peer and delivers what they cause, unless a handler throws.
    pub(crate) fn receive(&mut self, chunk: &[u8]) {
        self.connection.receive(chunk);
        self.thrown = false;
        self.deliver();
    }

    /// Does what one line of a script says.
    pub(crate) fn step(&mut self, line: &str) {
        let handler = |rest: &str, once| {
            let (event, command) = rest.split_once(" => ").expect("a handler has an arrow");
            Handler {
                event: event.to_owned(),
                command: command.to_owned(),
                once,
            }
        };
        if let Some(rest) = line.strip_prefix("on ") {
            self.handlers.push(handler(rest, true));
        } else if let Some(rest) = line.strip_prefix("each ") {
            self.handlers.push(handler(rest, false));
        } else {
            self.thrown = false;
            self.command(line);
            self.deliver();
        }
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines
    }

    fn deliver(&mut self) {
        while !self.thrown {
            match self.next() {
                None => return,
                // A handler before this one may have closed the connection.
                Some(Next::Message(..)) if self.connection.ready_state() != ReadyState::Open => {}
                Some(Next::Message(Kind::Text, text)) => {
                    std::str::from_utf8(&text).expect("a text message is UTF-8");
                    self.record(format!("message text {}", show(&text)));
                }
                Some(Next::Message(Kind::Binary, bytes)) => {
                    self.record(format!("message binary {}", show(&bytes)));
                }
                Some(Next::Write) => self.flush(),
                Some(Next::Event(event)) => {
                    self.flush();
                    self.happened(&event);
                }
            }
        }
    }

    fn next(&mut self) -> Option<Next> {
        if let Style::Runs = self.style
            && self.run.is_empty()
        {
            while let Some(message) = self.connection.poll_message() {
                self.run.push_back((message.kind, message.payload.to_vec()));
            }
        }
        if let Some((kind, payload)) = self.run.pop_front() {
            return Some(Next::Message(kind, payload));
        }
        Some(match self.connection.poll()? {
            Output::Message(message) => Next::Message(message.kind, message.payload.to_vec()),
            Output::Unfinished => return self.next(),
            Output::Write => Next::Write,
            Output::Event(event) => Next::Event(event),
            Output::Transform(_) => panic!("no session outside the core was negotiated"),
        })
    }

    /// Offers permessage-deflate, or answers the offers of a client.
    fn negotiate(&mut self) {
        let is_client = self.connection.ready_state() == ReadyState::Unstarted;
        let Some(negotiation) = self.connection.negotiation() else {
            return self.record("deflate too late".to_owned());
        };
        if is_client {
            negotiation.offer_deflate(&self.deflate);
        } else if !negotiation.answer_deflate(&self.deflate) {
            self.record("deflate declined".to_owned());
        }
    }

    /// A client has got a response.
    fn activate(&mut self) {
        let negotiation = self.connection.negotiation().expect("it is time for it");
        let response = negotiation.received()[0].clone();
        let caused = if negotiation.activate_deflate(&self.deflate) {
            self.connection.activated()
        } else {
            let printed = print(&response.name, &response.parameters);
            self.connection
                .refuse(HandshakeError::UnacceptableExtension(printed))
        };
        self.flush();
        caused.events.iter().for_each(|event| self.happened(event));
    }

    fn command(&mut self, line: &str) {
        let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
        let payload = || bytes(argument);
        let connection = &mut self.connection;
        match name {
            "start" => {
                let caused = connection.start();
                self.caused(name, Ok(caused));
            }
            "close" => {
                let (code, reason) = argument.split_once(' ').unwrap_or((argument, ""));
                let code = if code.is_empty() { "1000" } else { code };
                let code = code.parse().expect("a close code is a number");
                let reason = String::from_utf8(bytes(reason)).expect("a close reason is text");
                let caused = connection.close(code, &reason);
                self.caused(name, caused);
            }
            "text" => {
                let accepted = connection.send(Kind::Text, &payload());
                self.answered(name, Ok(accepted));
            }
            "plain" => {
                let accepted = connection.send_in(Form::Plain, Kind::Text, &payload());
                self.answered(name, Ok(accepted));
            }
            "binary" => {
                let accepted = connection.send(Kind::Binary, &payload());
                self.answered(name, Ok(accepted));
            }
            "ping" => {
                let accepted = connection.ping(&payload());
                self.answered(name, accepted);
            }
            "pong" => {
                let accepted = connection.pong(&payload());
                self.answered(name, accepted);
            }
            "header" => {
                let (header, value) = argument.split_once(": ").expect("a header has a value");
                let value = value.replace("\\r", "\r").replace("\\n", "\n");
                let accepted = connection.set_header(header, &value);
                self.answered(name, accepted);
            }
            "deflate" => {
                self.deflate = deflate_options(argument);
                self.negotiate();
            }
            "work" => {
                while self.connection.has_work() {
                    let caused = self.connection.work();
                    self.caused(name, Ok(caused));
                }
            }
            "abandon" => connection.abandon(),
            "receive" => self.receive(&payload()),
            "throw" => self.thrown = true,
            "state" => {
                let state = connection.ready_state();
                self.record(format!("state {state:?}"));
            }
            "subprotocol" => {
                let name = connection.subprotocol().unwrap_or("none").to_owned();
                self.record(format!("subprotocol {name}"));
            }
            "status" => {
                let status = connection.response().map_or(0, |head| head.status);
                self.record(format!("status {status}"));
            }
            "buffered" => {
                let amount = connection.buffered_amount();
                self.record(format!("buffered {amount}"));
            }
            _ => panic!("no such command: {line}"),
        }
    }

    fn caused(&mut self, name: &str, caused: Result<Caused, InvalidArgument>) {
        let (accepted, events) = match caused {
            Ok(caused) => (Ok(caused.accepted), caused.events),
            Err(mistake) => (Err(mistake), Vec::new()),
        };
        self.answered(name, accepted);
        for event in &events {
            self.happened(event);
        }
    }

    fn answered(&mut self, name: &str, accepted: Result<bool, InvalidArgument>) {
        self.flush();
        match accepted {
            Ok(true) => {}
            Ok(false) => self.record(format!("{name} refused")),
            Err(mistake) => self.record(format!("{name} invalid: {mistake}")),
        }
    }

    fn happened(&mut self, event: &Event) {
        self.record(match event {
            Event::Activate => return self.activate(),
            Event::Open => "open".to_owned(),
            Event::Ping(payload) => format!("ping {}", show(payload)),
            Event::Pong(payload) => format!("pong {}", show(payload)),
            Event::Error(error) => format!("error {error}"),
            Event::Close { code, reason } => {
                let code = code.map_or("none".to_owned(), |code| code.to_string());
                let reason = reason.as_deref().unwrap_or_default();
                format!("close {code} {reason}").trim().to_owned()
            }
            other => format!("{other:?}"),
        });
    }

    /// Writes what is in the outbox, one write after the other.
    fn flush(&mut self) {
        while let Some(write) = self.connection.outbox().take_first() {
            self.writes.push_back(write.to_vec());
        }
        while let Some(write) = self.writes.pop_front() {
            match std::str::from_utf8(&write) {
                Ok(head) if head.contains("HTTP/1.1") => self.head(head),
                _ => self.record(format!("write {}", show(&write))),
            }
        }
    }

    fn head(&mut self, text: &str) {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head ends");
        for line in head.split("\r\n") {
            self.record(format!("head {}", line.escape_debug()));
        }
        if !body.is_empty() {
            self.record(format!("body {body}"));
        }
    }

    /// Writes a line, and runs the handler for it.
    fn record(&mut self, line: String) {
        let found = self
            .handlers
            .iter()
            .position(|handler| line.starts_with(&handler.event));
        self.lines.push(line);
        let Some(found) = found else { return };
        let command = if self.handlers[found].once {
            self.handlers.remove(found).command
        } else {
            self.handlers[found].command.clone()
        };
        self.command(&command);
    }
}
