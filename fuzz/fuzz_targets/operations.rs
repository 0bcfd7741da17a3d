//! Any calls in any order: all of them return, the ready state never goes back, at most one close
//! event occurs, no output follows it, and all written bytes are valid.
//!
//! An input is a byte for the connection, a byte for its settings, and operations: a byte that
//! chooses the operation, and its arguments.
#![no_main]

use arbitrary::{Result, Unstructured};
use faye_websocket_fuzz::settings::policy;
use libfuzzer_sys::fuzz_target;
use proto::connection::{Connection, ReadyState};
use proto::error::{HandshakeError, InvalidArgument};
use proto::frame::Rsv;
use proto::http::request::Request;
use proto::output::{Caused, Event, Kind, Output};
use proto::policy::Policy;
use proto_testing::connections::{
    KEY, RESPONSE, RSV1, hixie75_server, hixie76_server, negotiate, new_client, offered_server,
    reserve, response_with,
};
use proto_testing::frames::frame;
use proto_testing::wire::{Framing, Wire};

fuzz_target!(|input: &[u8]| {
    let _ = fuzz(&mut Unstructured::new(input));
});

fn fuzz(input: &mut Unstructured<'_>) -> Result<()> {
    let [role, settings] = input.arbitrary()?;
    let mut application = Application::new(role, settings);
    while !input.is_empty() {
        application.step(input)?;
        application.look();
    }
    application.poll_all();
    application.look();
    application.write();
    Ok(())
}

struct Application {
    connection: Connection,
    wire: Wire,
    state: ReadyState,
    has_extension: bool,
    /// Each received byte and each operation causes a limited number of outputs, so polling ends.
    received: usize,
    operations: usize,
    outputs: usize,
    is_open: bool,
    is_closed: bool,
    is_abandoned: bool,
}

impl Application {
    fn new(role: u8, settings: u8) -> Self {
        let is_client = role % 5 == 1;
        let policy = policy(settings, is_client);
        let (connection, framing) = match role % 5 {
            0 => (
                offered_server(policy, "x; a=1; b"),
                Framing::Hybi {
                    masked: false,
                    reserved: 0x40,
                },
            ),
            1 => (
                new_client(policy),
                Framing::Hybi {
                    masked: true,
                    reserved: 0x40,
                },
            ),
            2 => (hixie75_server(policy), Framing::Hixie75),
            3 => (hixie76_server(policy), Framing::Hixie76 { proven: false }),
            _ => (not_asked(policy), Framing::hybi(false)),
        };
        Self {
            state: connection.ready_state(),
            connection,
            wire: Wire::new(framing),
            has_extension: false,
            received: 0,
            operations: 0,
            outputs: 0,
            is_open: false,
            is_closed: false,
            is_abandoned: false,
        }
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let operation: u8 = input.arbitrary()?;
        self.operations += 1;
        match operation % 24 {
            0 => {
                let caused = self.connection.start();
                self.caused(caused);
            }
            1 => {
                let bytes = bytes(input)?;
                self.receive(bytes);
            }
            2 => {
                let [first, masked]: [u8; 2] = input.arbitrary()?;
                // The length field is correct, which random bytes rarely achieve.
                let frame = frame(first, (masked & 1 != 0).then_some(KEY), bytes(input)?);
                self.receive(&frame);
            }
            3 => {
                let accepted = self.connection.send(Kind::Text, text(input)?.as_bytes());
                self.accepted(accepted);
            }
            4 => {
                let accepted = self.connection.send(Kind::Binary, bytes(input)?);
                self.accepted(accepted);
            }
            5 => self.control(input, Connection::ping)?,
            6 => self.control(input, Connection::pong)?,
            7 => {
                let code: u16 = input.arbitrary()?;
                if let Ok(caused) = self.connection.close(code, text(input)?) {
                    self.caused(caused);
                }
            }
            8 => {
                self.poll();
            }
            9 => {
                let has_message = self.connection.poll_message().is_some();
                assert!(
                    !has_message || self.state == ReadyState::Open,
                    "{:?}",
                    self.state
                );
            }
            10 => self.poll_all(),
            11 => {
                let kind = kind(input)?;
                let caused = self.connection.transformed(kind, bytes(input)?);
                self.caused_or_not(caused);
            }
            12 => {
                // No caller sets a bit without an owner, and the core relies on that.
                let is_reserved = input.arbitrary::<u8>()? & 1 == 0 && self.has_extension;
                let rsv = if is_reserved { RSV1 } else { Rsv::default() };
                let accepted = match kind(input)? {
                    Kind::Text => {
                        let text = text(input)?;
                        self.connection
                            .send_transformed(Kind::Text, rsv, text.as_bytes())
                    }
                    Kind::Binary => {
                        self.connection
                            .send_transformed(Kind::Binary, rsv, bytes(input)?)
                    }
                };
                self.accepted(accepted);
            }
            13 => {
                let caused = self.connection.sessions_closed();
                self.caused_or_not(caused);
            }
            14 => {
                let caused = self.connection.activated();
                self.caused(caused);
            }
            15 => {
                self.connection.abandon();
                self.is_abandoned = true;
                assert!(self.connection.outbox().is_empty(), "abandoned");
                assert_eq!(self.connection.ready_state(), ReadyState::Closed);
            }
            16 => {
                let error = HandshakeError::Extension(text(input)?.to_owned());
                let caused = self.connection.refuse(error);
                self.caused_or_not(caused);
            }
            17 => {
                let code = input.arbitrary()?;
                let caused = self.connection.fail_extension(code, text(input)?);
                self.caused_or_not(caused);
            }
            18 => {
                let (name, value) = (text(input)?, text(input)?);
                let _ = self.connection.set_header(name, value);
            }
            19 => {
                let is_ours = input.arbitrary::<u8>()? & 1 == 0;
                let (name, value) = (text(input)?, text(input)?);
                if let Some(negotiation) = self.connection.negotiation() {
                    if is_ours {
                        negotiate(negotiation);
                        self.has_extension = true;
                    } else {
                        let parameter = ("p".to_owned(), Some(value.to_owned()));
                        let _ = negotiation.add(name, &[parameter]);
                    }
                }
            }
            20 => {
                if let Some(negotiation) = self.connection.negotiation() {
                    reserve(negotiation);
                    self.has_extension = true;
                }
            }
            21 => self.write(),
            22 => self.receive(RESPONSE.as_bytes()),
            _ => self.receive(response_with("x; a=1").as_bytes()),
        }
        Ok(())
    }

    fn control(
        &mut self,
        input: &mut Unstructured<'_>,
        send: fn(&mut Connection, &[u8]) -> std::result::Result<bool, InvalidArgument>,
    ) -> Result<()> {
        let payload = bytes(input)?;
        let accepted = send(&mut self.connection, payload);
        assert_eq!(accepted.is_err(), payload.len() > 125);
        self.accepted(accepted.unwrap_or(false));
        Ok(())
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.received += bytes.len();
        self.connection.receive(bytes);
    }

    fn poll_all(&mut self) {
        while self.poll() {}
    }

    fn poll(&mut self) -> bool {
        let event = match self.connection.poll() {
            None => return false,
            Some(Output::Event(event)) => Some(event),
            Some(Output::Message(message)) => {
                let is_text = std::str::from_utf8(message.payload).is_ok();
                assert!(
                    message.kind == Kind::Binary || is_text,
                    "a text message is UTF-8"
                );
                None
            }
            Some(Output::Transform(message)) => {
                assert!(self.has_extension && message.rsv.within(RSV1));
                None
            }
            Some(Output::Frame(frame)) => panic!("{frame:?} without a policy that asks for frames"),
            Some(Output::Write | Output::Unfinished) => None,
        };
        assert!(!self.is_over(), "{event:?} after the end");
        self.outputs += 1;
        let limit = self.received + 2 * self.operations + 16;
        assert!(self.outputs <= limit, "{} outputs", self.outputs);
        if let Some(event) = event {
            self.happened(&event);
        }
        true
    }

    /// Handles the result of a command that reports whether it was accepted.
    fn caused(&mut self, caused: Caused) {
        self.accepted(caused.accepted);
        self.caused_or_not(caused);
    }

    fn caused_or_not(&mut self, caused: Caused) {
        for event in &caused.events {
            self.happened(event);
        }
    }

    fn accepted(&mut self, accepted: bool) {
        assert!(!(accepted && self.is_over()), "accepted after the end");
    }

    fn happened(&mut self, event: &Event) {
        self.write();
        assert!(!self.is_over(), "{event:?} after the end");
        match event {
            Event::Open => {
                assert!(!self.is_open, "a second open");
                self.is_open = true;
            }
            Event::Close { .. } => {
                assert_eq!(self.connection.ready_state(), ReadyState::Closed);
                self.is_closed = true;
            }
            _ => {}
        }
    }

    /// Writes the outbox, one write at a time.
    fn write(&mut self) {
        while let Some(write) = self.connection.outbox().take_first() {
            assert!(
                !self.is_closed && !self.is_abandoned,
                "a write after the end"
            );
            self.wire.write(write).expect("the write is valid");
        }
    }

    fn look(&mut self) {
        let state = self.connection.ready_state();
        assert!(
            state as u8 >= self.state as u8,
            "from {:?} to {state:?}",
            self.state
        );
        self.state = state;
        let waiting = self.connection.outbox().bytes().len();
        assert!(self.connection.buffered_amount() >= waiting);
    }

    fn is_over(&self) -> bool {
        self.is_closed || self.is_abandoned
    }
}

/// Creates a server whose request is ordinary HTTP.
fn not_asked(policy: Policy) -> Connection {
    let request = Request::new("GET", "ws://example.com/", false);
    Connection::server(request, policy).expect("the policy has no subprotocols")
}

/// Reads a byte for the length, and that number of bytes.
fn bytes<'a>(input: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let length = usize::from(input.arbitrary::<u8>()?);
    input.bytes(length.min(input.len()))
}

/// Returns the longest prefix that is valid UTF-8.
fn text<'a>(input: &mut Unstructured<'a>) -> Result<&'a str> {
    let bytes = bytes(input)?;
    let valid = bytes.utf8_chunks().next();
    Ok(valid.map_or("", |chunk| chunk.valid()))
}

fn kind(input: &mut Unstructured<'_>) -> Result<Kind> {
    let is_text = input.arbitrary::<u8>()? & 1 == 0;
    Ok(if is_text { Kind::Text } else { Kind::Binary })
}
