//! The application of a script, which records all outputs and performs the script's commands.
//!
//! Commands in a script or in a handler: `start`, `header <name>: <value>`, `text <bytes>`, `binary
//! <bytes>`, `ping <bytes>`, `pong <bytes>`, `close [code] [bytes]`, `abandon`, `receive <bytes>`
//! and `throw`. `frame <opcode> <bytes>` and `more <opcode> <bytes>` send one frame with and
//! without FIN. `state`, `subprotocol`, `status` and `buffered` record properties.
//!
//! For permessage-deflate: `deflate [option ...]` before the start, `plain <bytes>` for an
//! uncompressed text, and `work`, which compresses the backlog. The driver polls again immediately
//! after `Unfinished`.

use proto::connection::Connection;
use proto::error::InvalidArgument;
use proto::frame::{FrameStart, KeySource, Opcode};
use proto::output::{Caused, Event, Form, Kind};

use crate::connections::deflate_options;
use crate::driver::{Application, Driver, Extension, Line, Style};
use crate::notation::{bytes, show};

/// The handlers, and the transcript.
#[derive(Debug, Default)]
pub struct Scripted {
    handlers: Vec<Handler>,
    lines: Vec<String>,
}

#[derive(Debug)]
struct Handler {
    event: String,
    command: String,
    once: bool,
}

impl Application for Scripted {
    fn handle(driver: &mut Driver<Self>, line: Line) {
        let line = match line {
            Line::Message(Kind::Text, text) => format!("message text {}", show(&text)),
            Line::Message(Kind::Binary, bytes) => format!("message binary {}", show(&bytes)),
            Line::Frame(start, masked, payload) => {
                let FrameStart { fin, rsv, opcode } = start;
                let end = if fin { "fin" } else { "more" };
                let masked = if masked { "masked" } else { "plain" };
                let bits = rsv.bits();
                let payload = show(&payload);
                format!("frame {opcode:?} {end} {bits:02x} {masked} {payload}")
            }
            Line::Write(write) => match std::str::from_utf8(&write) {
                Ok(head) if head.contains("HTTP/1.1") => return driver.head(head),
                _ => format!("write {}", show(&write)),
            },
            // The driver handles this event.
            Line::Event(Event::Activate) => return,
            Line::Event(Event::Open) => "open".to_owned(),
            Line::Event(Event::Ping(payload)) => format!("ping {}", show(&payload)),
            Line::Event(Event::Pong(payload)) => format!("pong {}", show(&payload)),
            Line::Event(Event::Error(error)) => format!("error {error}"),
            Line::Event(Event::Close { code, reason }) => {
                let code = code.map_or("none".to_owned(), |code| code.to_string());
                let reason = reason.as_deref().unwrap_or_default();
                format!("close {code} {reason}").trim().to_owned()
            }
            Line::Event(other) => format!("{other:?}"),
        };
        driver.record(line);
    }
}

impl Driver<Scripted> {
    /// Creates a driver without handlers.
    pub fn scripted(connection: Connection, style: Style) -> Self {
        Self::new(connection, style, Scripted::default())
    }

    /// Performs one line of a script.
    ///
    /// # Panics
    /// If the line is malformed.
    pub fn step(&mut self, line: &str) {
        let handler = |rest: &str, once| {
            let (event, command) = rest.split_once(" => ").expect("a handler has an arrow");
            Handler {
                event: event.to_owned(),
                command: command.to_owned(),
                once,
            }
        };
        if let Some(rest) = line.strip_prefix("on ") {
            self.application.handlers.push(handler(rest, true));
        } else if let Some(rest) = line.strip_prefix("each ") {
            self.application.handlers.push(handler(rest, false));
        } else {
            self.perform(|driver| driver.command(line));
        }
    }

    /// Returns the transcript.
    pub fn into_lines(self) -> Vec<String> {
        self.application.lines
    }

    fn command(&mut self, line: &str) {
        let (name, argument) = line.split_once(' ').unwrap_or((line, ""));
        let payload = || bytes(argument);
        match name {
            "start" => {
                let caused = self.connection().start();
                self.record_outcome(name, Ok(caused));
            }
            "close" => {
                let (code, reason) = argument.split_once(' ').unwrap_or((argument, ""));
                let code: Option<u16> = match code {
                    "" => Some(1000),
                    "none" => None,
                    code => Some(code.parse().expect("a close code is a number")),
                };
                let reason = String::from_utf8(bytes(reason)).expect("a close reason is UTF-8");
                let caused = self.connection().close(code, &reason);
                self.record_outcome(name, caused);
            }
            "text" => {
                let accepted = self.send(Kind::Text, &payload());
                self.record_result(name, Ok(accepted));
            }
            "plain" => {
                let accepted = self
                    .connection()
                    .send_in(Form::Plain, Kind::Text, &payload());
                self.record_result(name, Ok(accepted));
            }
            "binary" => {
                let accepted = self.send(Kind::Binary, &payload());
                self.record_result(name, Ok(accepted));
            }
            "ping" => {
                let accepted = self.connection().ping(&payload());
                self.record_result(name, accepted);
            }
            "pong" => {
                let accepted = self.connection().pong(&payload());
                self.record_result(name, accepted);
            }
            "frame" | "more" => {
                let (opcode, payload) = argument.split_once(' ').unwrap_or((argument, ""));
                let start = FrameStart {
                    fin: name == "frame",
                    ..FrameStart::whole(opcode_of(opcode))
                };
                let accepted =
                    self.connection()
                        .send_frame(start, KeySource::Policy, &bytes(payload));
                self.record_result(name, accepted);
            }
            "header" => {
                let (header, value) = argument.split_once(": ").expect("a header has a value");
                let value = value.replace("\\r", "\r").replace("\\n", "\n");
                let accepted = self.connection().set_header(header, &value);
                self.record_result(name, accepted);
            }
            "deflate" => match self.negotiate(Extension::Deflate(deflate_options(argument))) {
                Some(true) => {}
                Some(false) => self.record("deflate declined".to_owned()),
                None => self.record("deflate too late".to_owned()),
            },
            "work" => {
                while self.connection().has_work() {
                    let caused = self.connection().work();
                    self.record_outcome(name, Ok(caused));
                }
            }
            "abandon" => self.connection().abandon(),
            "receive" => self.receive(&payload()),
            "throw" => self.interrupt(),
            "state" => {
                let state = self.state();
                self.record(format!("state {state:?}"));
            }
            "subprotocol" => {
                let name = self.connection().subprotocol().unwrap_or("none").to_owned();
                self.record(format!("subprotocol {name}"));
            }
            "status" => {
                let status = self.connection().response().map_or(0, |head| head.status);
                self.record(format!("status {status}"));
            }
            "buffered" => {
                let amount = self.connection().buffered_amount();
                self.record(format!("buffered {amount}"));
            }
            _ => panic!("no such command: {line}"),
        }
    }

    fn record_outcome(&mut self, name: &str, caused: Result<Caused, InvalidArgument>) {
        match caused {
            Ok(caused) => {
                self.record_result(name, Ok(caused.accepted));
                self.caused(caused);
            }
            Err(mistake) => self.record_result(name, Err(mistake)),
        }
    }

    fn record_result(&mut self, name: &str, accepted: Result<bool, InvalidArgument>) {
        self.flush();
        match accepted {
            Ok(true) => {}
            Ok(false) => self.record(format!("{name} refused")),
            Err(mistake) => self.record(format!("{name} invalid: {mistake}")),
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

    /// Records a line and runs its handler.
    fn record(&mut self, line: String) {
        let application = &mut self.application;
        let found = application
            .handlers
            .iter()
            .position(|handler| line.starts_with(&handler.event));
        application.lines.push(line);
        let Some(found) = found else { return };
        let command = if application.handlers[found].once {
            application.handlers.remove(found).command
        } else {
            application.handlers[found].command.clone()
        };
        self.command(&command);
    }
}

fn opcode_of(name: &str) -> Opcode {
    match name {
        "continuation" => Opcode::Continuation,
        "text" => Opcode::Text,
        "binary" => Opcode::Binary,
        "ping" => Opcode::Ping,
        "pong" => Opcode::Pong,
        _ => panic!("no such opcode: {name}"),
    }
}
