//! Bytes that arrive before the opening handshake begins: a limited number is stored.

use proto::connection::{Connection, ReadyState};
use proto::error::HandshakeError;
use proto::output::{Error, Event, Output};
use proto::policy::Policy;

use proto_testing::connections::{
    client_policy, hixie75_server, hixie76_server, new_client, requested_server,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Creates connections before `start`.
fn unstarted() -> [(&'static str, Connection); 4] {
    [
        (
            "server",
            requested_server(Policy::websocket_driver_server(), &[]),
        ),
        ("client", new_client(client_policy())),
        (
            "hixie-75",
            hixie75_server(Policy::websocket_driver_server()),
        ),
        (
            "hixie-76",
            hixie76_server(Policy::websocket_driver_server()),
        ),
    ]
}

/// Polls the refusal of the handshake and returns its events. No other output is expected.
fn refusal(connection: &mut Connection) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(output) = connection.poll() {
        match output {
            Output::Event(event) => events.push(event),
            Output::Write => {}
            other => panic!("{other:?}"),
        }
    }
    events
}

fn assert_is_refused(name: &str, connection: &mut Connection, events: &[Event]) {
    let [Event::Error(error), Event::Close { .. }] = events else {
        panic!("{name}: {events:?}");
    };
    let (Error::Handshake(error) | Error::Refused(error)) = error else {
        panic!("{name}: {error:?}");
    };
    assert_eq!(*error, HandshakeError::Flooded, "{name}");
    assert_eq!(connection.ready_state(), ReadyState::Closed, "{name}");
    let answer = connection.outbox().bytes();
    let is_answered = answer.starts_with(b"HTTP/1.1 400 ");
    assert_eq!(is_answered, name != "client", "{name}: {answer:?}");
}

#[test]
fn the_caller_should_stop_reading_at_64_kib() {
    for (name, mut connection) in unstarted() {
        connection.receive(&[0; 64 * KIB - 1]);
        assert!(!connection.has_enough(), "{name}");
        connection.receive(&[0]);
        assert!(connection.has_enough(), "{name}");
        assert!(connection.poll().is_none(), "{name}");
        let _ = connection.start();
        assert!(!connection.has_enough(), "{name}");
    }
}

#[test]
fn more_than_1_mib_before_the_start_fails_the_handshake() {
    for (name, mut connection) in unstarted() {
        let state = connection.ready_state();
        connection.receive(&vec![0; MIB]);
        assert!(
            connection.poll().is_none(),
            "{name}: not refused at the limit"
        );
        connection.receive(&[0]);
        assert_eq!(
            connection.ready_state(),
            state,
            "{name}: `receive` does not change the state"
        );
        let events = refusal(&mut connection);
        assert_is_refused(name, &mut connection, &events);
    }
}

#[test]
fn starting_after_too_many_bytes_fails_the_handshake() {
    for (name, mut connection) in unstarted() {
        connection.receive(&vec![0; MIB]);
        connection.receive(&[0]);
        connection.receive(&[0]);
        assert!(connection.negotiation().is_none(), "{name}");
        let caused = connection.start();
        assert!(!caused.accepted, "{name}");
        let events = caused.events;
        assert_is_refused(name, &mut connection, &events);
        assert!(connection.poll().is_none(), "{name}");
    }
}

#[test]
fn a_close_replaces_the_refusal() {
    for (name, mut connection) in unstarted() {
        connection.receive(&vec![0; MIB]);
        connection.receive(&[0]);
        let caused = connection.close(1000, "").expect("1000 may be sent");
        assert!(matches!(caused.events[..], [Event::Close { .. }]), "{name}");
        assert!(connection.poll().is_none(), "{name}");
        assert!(!connection.start().accepted, "{name}");
    }
}

#[test]
fn the_first_chunk_is_stored_whatever_its_size() {
    let mut server = requested_server(Policy::websocket_driver_server(), &[]);
    let payload = vec![b'x'; 4 * MIB];
    let mut wire = vec![0x81, 0xFF];
    wire.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    wire.extend_from_slice(&[0; 4]);
    wire.extend_from_slice(&payload);
    server.receive(&wire);
    assert!(server.start().accepted);
    let message = server.poll_message().expect("the message was stored");
    assert_eq!(message.payload, payload);
}
