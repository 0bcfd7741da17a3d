//! Each sequence of operations ends, closes at most once, and writes only valid frames.

use proptest::collection::vec;
use proptest::prelude::*;
use proto::connection::{Connection, ReadyState};
use proto::error::HandshakeError;
use proto::extension::deflate::options::Options;
use proto::output::{Event, Kind, Output};
use proto::policy::Policy;

use proto_testing::connections::{
    RESPONSE, client_policy, lenient, new_client, offered_server, requested_server, response_with,
};
use proto_testing::inflate::Reader;
use proto_testing::streams::{broken, broken_compressed, compressed, text, valid};
use proto_testing::wire::{Framing, Wire};

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_server_survives_any_operations(
        operations in vec(operation(), 0..40),
        starts in prop::bool::weighted(0.9),
        max_length in prop_oneof![Just(0x3ff_ffff), 0..300usize],
    ) {
        let mut session = Session::new(requested_server(lenient(max_length), &[]), false);
        session.run(starts, &operations)?;
    }

    #[test]
    fn a_server_with_compression_survives_any_operations(
        operations in vec(operation(), 0..40),
        starts in prop::bool::weighted(0.9),
        max_length in prop_oneof![Just(0x3ff_ffff), 0..300usize],
    ) {
        let mut server = offered_server(lenient(max_length), "permessage-deflate");
        let negotiation = server.negotiation().expect("the request is valid");
        prop_assert!(negotiation.answer_deflate(&Options::default()));
        let mut session = Session::new(server, false);
        session.compresses();
        session.run(starts, &operations)?;
    }

    #[test]
    fn a_client_with_compression_survives_any_operations(
        operations in vec(operation(), 0..40),
        response in prop_oneof![
            8 => Just(response_with("permessage-deflate")),
            1 => Just(response_with("permessage-deflate; x")),
            1 => Just(RESPONSE.to_owned()),
        ],
    ) {
        let mut client = new_client(client_policy());
        let negotiation = client.negotiation().expect("the client is not started");
        negotiation.offer_deflate(&Options::default());
        let mut session = Session::new(client, true);
        session.run(true, &[Operation::Receive(response.into_bytes())])?;
        session.run(false, &operations)?;
    }

    #[test]
    fn a_server_that_refuses_survives_any_operations(operations in vec(operation(), 0..10)) {
        let refused = requested_server(Policy::websocket_driver_server(), &[("upgrade", "h2c")]);
        let mut session = Session::new(refused, false);
        session.run(true, &operations)?;
        prop_assert_eq!(session.connection.ready_state(), ReadyState::Closed);
        prop_assert_eq!(session.opened, 0);
    }

    #[test]
    fn a_client_survives_any_operations(
        operations in vec(operation(), 0..40),
        starts in prop::bool::weighted(0.9),
        answered in prop::bool::weighted(0.8),
    ) {
        let mut session = Session::new(new_client(client_policy()), true);
        if answered {
            let answer = Operation::Receive(RESPONSE.as_bytes().to_vec());
            session.run(starts, &[answer])?;
        }
        session.run(starts && !answered, &operations)?;
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Receive(Vec<u8>),
    Send(Kind, Vec<u8>),
    Ping(usize),
    Pong(usize),
    Close(u16, String),
    Start,
    SetHeader(String),
    Abandon,
    /// This number of times.
    Poll(usize),
    PollMessage(usize),
    Work,
    Write,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation as O;
    let bytes = prop_oneof![
        4 => valid().prop_map(|stream| stream.bytes),
        2 => broken(),
        2 => compressed().prop_map(|stream| stream.bytes),
        2 => broken_compressed(),
        1 => vec(any::<u8>(), 0..40),
        2 => vec(prop_oneof![Just(0x81), Just(0x89), Just(0x00), Just(0x88)], 0..4),
    ];
    let code = prop_oneof![Just(1000), Just(1001), 3000..5000u16, any::<u16>()];
    prop_oneof![
        6 => bytes.prop_map(O::Receive),
        2 => text().prop_map(|text| O::Send(Kind::Text, text.into_bytes())),
        1 => (0..70_000usize).prop_map(|length| O::Send(Kind::Binary, vec![7; length])),
        1 => prop::bool::weighted(0.3).prop_map(|rare| match rare {
            true => O::Send(Kind::Binary, vec![7; LARGE]),
            false => O::Work,
        }),
        1 => (0..130usize).prop_map(O::Ping),
        1 => (0..130usize).prop_map(O::Pong),
        1 => (code, text()).prop_map(|(code, reason)| O::Close(code, reason)),
        1 => Just(O::Start),
        1 => "[ -~\r\n]{0,8}".prop_map(O::SetHeader),
        1 => prop::bool::weighted(0.2).prop_map(|rare| if rare { O::Abandon } else { O::Write }),
        4 => (0..6usize).prop_map(O::Poll),
        3 => (0..6usize).prop_map(O::PollMessage),
        2 => Just(O::Write),
    ]
}

/// A connection, and its invariants.
struct Session {
    connection: Connection,
    wire: Wire,
    /// Whether `poll` may return `Unfinished`.
    compresses: bool,
    received: usize,
    outputs: usize,
    opened: usize,
    state: i32,
    /// Whether the end was reported, or the connection was abandoned. No output may follow.
    is_over: bool,
}

impl Session {
    fn new(connection: Connection, is_client: bool) -> Self {
        Self {
            connection,
            wire: Wire::new(Framing::hybi(is_client)),
            compresses: false,
            received: 0,
            outputs: 0,
            opened: 0,
            state: -1,
            is_over: false,
        }
    }

    fn compresses(&mut self) {
        self.compresses = true;
        self.wire.compressed(Reader::new(15, true));
    }

    fn run(&mut self, starts: bool, operations: &[Operation]) -> Result<(), TestCaseError> {
        if starts {
            self.perform(&Operation::Start)?;
            self.look()?;
        }
        for operation in operations {
            self.perform(operation)?;
            self.look()?;
        }
        // The remaining work needs a limited number of slices, and the remaining output a limited
        // number of polls.
        for _ in 0..100 {
            self.perform(&Operation::Work)?;
        }
        prop_assert!(!self.connection.has_work());
        self.perform(&Operation::Poll(usize::MAX))?;
        prop_assert!(self.connection.poll_message().is_none());
        prop_assert!(self.connection.poll().is_none());
        self.perform(&Operation::Write)?;
        self.look()
    }

    fn perform(&mut self, operation: &Operation) -> Result<(), TestCaseError> {
        let connection = &mut self.connection;
        match operation {
            Operation::Receive(bytes) => {
                connection.receive(bytes);
                self.received += bytes.len();
            }
            Operation::Send(kind, payload) => {
                let accepted = connection.send(*kind, payload);
                prop_assert_eq!(accepted, self.state <= 1);
            }
            Operation::Ping(length) => {
                let accepted = connection.ping(&vec![b'p'; *length]);
                prop_assert_eq!(accepted.ok(), (*length <= 125).then_some(self.state <= 1));
            }
            Operation::Pong(length) => {
                let accepted = connection.pong(&vec![b'p'; *length]);
                prop_assert_eq!(accepted.ok(), (*length <= 125).then_some(self.state <= 1));
            }
            Operation::Close(code, reason) => {
                if let Ok(caused) = connection.close(*code, reason) {
                    prop_assert_eq!(caused.accepted, self.state <= 1);
                    self.happened(caused.events)?;
                }
            }
            Operation::Start => {
                let caused = connection.start();
                self.happened(caused.events)?;
            }
            Operation::SetHeader(value) => {
                let accepted = connection.set_header("X", value);
                prop_assert_eq!(accepted.is_ok_and(|accepted| accepted), {
                    self.state <= 0 && !value.trim_matches(' ').contains(['\r', '\n'])
                });
            }
            Operation::Abandon => {
                connection.abandon();
                self.is_over = true;
            }
            Operation::Poll(times) => {
                for _ in 0..*times {
                    match self.connection.poll() {
                        None => break,
                        Some(Output::Event(event)) => self.happened(vec![event])?,
                        Some(Output::Write) => self.count()?,
                        Some(Output::Message(_)) => self.message()?,
                        Some(Output::Unfinished) if self.compresses => {}
                        Some(Output::Transform(_) | Output::Unfinished | Output::Frame(_)) => {
                            return Err(TestCaseError::fail("an output that was not agreed on"));
                        }
                    }
                }
            }
            Operation::PollMessage(times) => {
                for _ in 0..*times {
                    if self.connection.poll_message().is_none() {
                        break;
                    }
                    self.message()?;
                }
            }
            Operation::Work => {
                let has_work = connection.has_work();
                prop_assert!(self.compresses || !has_work);
                let caused = connection.work();
                prop_assert!(has_work || caused.events.is_empty());
                self.happened(caused.events)?;
            }
            Operation::Write => {
                while let Some(write) = connection.outbox().take_first() {
                    self.wire.write(write).map_err(TestCaseError::fail)?;
                }
            }
        }
        Ok(())
    }

    /// Messages are delivered only on open connections.
    fn message(&mut self) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.connection.ready_state(), ReadyState::Open);
        self.count()
    }

    fn happened(&mut self, events: Vec<Event>) -> Result<(), TestCaseError> {
        for event in events {
            self.count()?;
            match event {
                Event::Open => self.opened += 1,
                Event::Close { .. } => self.is_over = true,
                Event::Ping(_) | Event::Pong(_) | Event::Error(_) => {}
                Event::Activate => self.activate()?,
                Event::CloseSessions | Event::Outgoing { .. } => {
                    return Err(TestCaseError::fail("no extension was negotiated"));
                }
            }
        }
        Ok(())
    }

    fn activate(&mut self) -> Result<(), TestCaseError> {
        let negotiation = self.connection.negotiation();
        let negotiation = negotiation.expect("the client is activating");
        let caused = if negotiation.activate_deflate(&Options::default()) {
            // The request precedes compressed bytes.
            self.perform(&Operation::Write)?;
            self.compresses();
            self.connection.activated()
        } else {
            let error = HandshakeError::UnacceptableExtension(String::new());
            self.connection.refuse(error)
        };
        self.happened(caused.events)
    }

    /// Counts an output. Each output, except the events of the handshake and of the end, costs the
    /// peer at least one byte.
    fn count(&mut self) -> Result<(), TestCaseError> {
        prop_assert!(!self.is_over, "an output after the end");
        self.outputs += 1;
        prop_assert!(self.outputs <= self.received + 5);
        Ok(())
    }

    fn look(&mut self) -> Result<(), TestCaseError> {
        let state = match self.connection.ready_state() {
            ReadyState::Unstarted => -1,
            ReadyState::Connecting => 0,
            ReadyState::Open => 1,
            ReadyState::Closing => 2,
            ReadyState::Closed => 3,
        };
        prop_assert!(state >= self.state, "{} became {state}", self.state);
        self.state = state;
        prop_assert!(self.opened <= 1);
        prop_assert!(self.connection.buffered_amount() >= self.connection.outbox().bytes().len());
        if self.is_over {
            prop_assert_eq!(state, 3);
        }
        Ok(())
    }
}

/// Compressed in three slices.
const LARGE: usize = 300_000;
