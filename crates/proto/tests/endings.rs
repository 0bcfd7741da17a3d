//! No output follows the end of a connection, for any order of calls.

use proto::connection::{Connection, ReadyState};
use proto::error::HandshakeError;
use proto::output::{Error, Event, Kind, Output};
use proto::policy::Policy;

use proto_testing::connections::{
    RSV1, extended_server, hixie76_server, lenient, open_server, requested_server, started,
};
use proto_testing::driver::read_all;
use proto_testing::frames::frame;

/// Returns an open server with an extension. The limit of its messages is 10 bytes.
fn open_extended_server() -> Connection {
    started(extended_server(lenient(10)))
}

/// Returns a hixie-76 server that has not received the body of its request.
fn draft_server() -> Connection {
    started(hixie76_server(Policy::websocket_driver_server()))
}

fn assert_is_over(connection: &mut Connection) {
    connection.outbox().clear();
    assert_eq!(connection.ready_state(), ReadyState::Closed);
    let output = connection.poll();
    assert!(output.is_none(), "{output:?}");
    assert!(connection.outbox().is_empty());
}

#[test]
fn a_draft_closed_after_its_body_arrived_does_not_open() {
    let mut connection = draft_server();
    connection.receive(&[0; 8]);
    assert!(matches!(connection.poll(), Some(Output::Write)));
    let caused = connection.close(1000, "").unwrap();
    assert!(matches!(caused.events[..], [Event::Close { .. }]));
    assert_is_over(&mut connection);
}

#[test]
fn a_draft_does_not_answer_twice() {
    let mut connection = draft_server();
    let caused = connection.refuse(HandshakeError::NotWebSocket);
    assert!(!caused.accepted && caused.events.is_empty());
    assert!(connection.outbox().is_empty());
    assert_eq!(connection.ready_state(), ReadyState::Connecting);
}

#[test]
fn a_ping_is_not_reported_after_the_connection_failed() {
    let mut connection = open_extended_server();
    connection.receive(b"\x89\x01p");
    assert!(matches!(connection.poll(), Some(Output::Write)));
    assert!(!connection.transformed(Kind::Binary, &[0; 11]).accepted);
    let caused = connection.sessions_closed();
    assert!(matches!(
        caused.events[..],
        [Event::Error(_), Event::Close { .. }]
    ));
    assert_is_over(&mut connection);
}

#[test]
fn a_ping_behind_a_run_is_not_answered_after_the_connection_failed() {
    let mut connection = requested_server(lenient(10), &[]);
    assert!(connection.start().accepted);
    connection.receive(b"\x82\x01a\x89\x01p");
    assert!(connection.poll_message().is_some());
    assert!(connection.poll_message().is_none());
    let caused = connection.fail_extension(1010, "x: no");
    assert!(matches!(
        caused.events[..],
        [Event::Error(_), Event::Close { .. }]
    ));
    assert_is_over(&mut connection);
}

#[test]
fn answers_of_sessions_after_the_end_have_no_effect() {
    for closes in [false, true] {
        let mut connection = open_extended_server();
        if closes {
            assert!(connection.close(1000, "").unwrap().accepted);
        }
        connection.abandon();
        for caused in [
            connection.transformed(Kind::Text, b"\xFF"),
            connection.sessions_closed(),
        ] {
            assert!(caused.events.is_empty(), "{caused:?}");
        }
        assert!(connection.outbox().is_empty());
        assert_is_over(&mut connection);
    }
}

#[test]
fn an_invalid_message_after_our_close_ends_the_connection_when_the_sessions_have_finished() {
    let mut connection = open_extended_server();
    connection.receive(b"\xC2\x01m");
    assert!(matches!(connection.poll(), Some(Output::Transform(_))));
    assert!(connection.close(3001, "bye").unwrap().accepted);
    let judged = connection.transformed(Kind::Text, b"\xFF");
    assert!(!judged.accepted);
    assert!(
        matches!(judged.events[..], [Event::CloseSessions]),
        "{:?}",
        judged.events
    );
    // Neither the peer's close frame nor another invalid message has an effect now.
    connection.receive(b"\x88\x00");
    assert!(connection.poll().is_none());
    assert!(
        connection
            .transformed(Kind::Text, b"\xFF")
            .events
            .is_empty()
    );
    let caused = connection.sessions_closed();
    assert_eq!(connection.outbox().bytes(), b"\x88\x05\x0B\xB9bye");
    let closes = |event: &Event| matches!(event, Event::Close { code: Some(3001), reason: Some(reason) } if reason == "bye");
    assert!(
        caused.events.len() == 1 && caused.events.iter().all(closes),
        "{caused:?}"
    );
    assert_is_over(&mut connection);
}

#[test]
fn a_session_sends_no_message_after_the_close_frame() {
    let mut connection = open_extended_server();
    assert!(connection.close(1000, "").unwrap().accepted);
    assert!(connection.send_transformed(Kind::Text, RSV1, b"held"));
    let _ = connection.sessions_closed();
    connection.outbox().clear();
    connection.receive(b"\x88\x00");
    assert!(matches!(
        connection.poll(),
        Some(Output::Event(Event::CloseSessions))
    ));
    assert!(!connection.send_transformed(Kind::Text, RSV1, b"late"));
    let caused = connection.sessions_closed();
    assert!(matches!(caused.events[..], [Event::Close { .. }]));
    assert_is_over(&mut connection);
}

/// Returns connections in each phase, with pending bytes in either direction.
fn connections_to_fault() -> Vec<(&'static str, Connection, Option<u16>)> {
    let mut unstarted = requested_server(lenient(10), &[]);
    unstarted.send(Kind::Text, b"queued");
    let mut draft = draft_server();
    draft.receive(&[0; 3]);
    let mut open = open_extended_server();
    open.receive(b"\xC2\x05mes");
    open.send(Kind::Text, b"out");
    let mut closing = requested_server(lenient(10), &[]);
    assert!(closing.start().accepted);
    let caused = closing.close(1000, "").expect("1000 may be sent");
    assert!(caused.accepted);
    let mut untold = requested_server(lenient(10), &[]);
    assert!(untold.start().accepted);
    untold.receive(b"\xFF\xFF");
    assert!(matches!(untold.poll(), Some(Output::Write)));
    let mut told = requested_server(lenient(10), &[]);
    assert!(told.start().accepted);
    told.receive(b"\x88\x00");
    while told.poll().is_some() {}
    vec![
        ("not started", unstarted, Some(1006)),
        ("a draft without its body", draft, None),
        ("open", open, Some(1006)),
        ("closing", closing, Some(1006)),
        ("failed, without a report yet", untold, Some(1006)),
        ("closed and reported", told, Some(1006)),
    ]
}

#[test]
fn a_fault_ends_a_connection_with_an_error_in_each_phase() {
    for (name, mut connection, expected) in connections_to_fault() {
        connection.fault();
        connection.fault();
        assert!(connection.has_work() && connection.needs_poll(), "{name}");
        assert!(connection.outbox().is_empty(), "{name}");
        assert_eq!(connection.buffered_amount(), 0, "{name}");
        assert!(!connection.send(Kind::Text, b"late"), "{name}");
        connection.receive(b"\x81\x00");
        assert!(connection.poll_message().is_none(), "{name}");
        let error = connection.poll();
        let error = matches!(error, Some(Output::Event(Event::Error(Error::Internal))));
        assert!(error, "{name}");
        let Some(Output::Event(Event::Close { code, .. })) = connection.poll() else {
            panic!("{name}: no close event");
        };
        assert_eq!(code, expected, "{name}");
        assert!(!connection.has_work(), "{name}");
        assert_is_over(&mut connection);
    }
}

#[test]
fn work_reports_a_fault_once() {
    for (name, mut connection, _) in connections_to_fault() {
        connection.fault();
        let caused = connection.work();
        let told = matches!(
            caused.events[..],
            [Event::Error(Error::Internal), Event::Close { .. }]
        );
        assert!(told, "{name}");
        assert!(!connection.has_work(), "{name}");
        assert!(connection.work().events.is_empty(), "{name}");
        assert_is_over(&mut connection);
    }
}

#[test]
fn a_fault_after_the_end_is_not_reported() {
    for (name, mut connection, _) in connections_to_fault() {
        connection.abandon();
        connection.fault();
        assert!(!connection.has_work(), "{name}");
        assert_is_over(&mut connection);
    }
}

#[test]
fn a_close_frame_is_recognised_only_at_the_beginning_of_a_frame() {
    let close = frame(0x88, Some([1, 2, 3, 4]), &[0x03, 0xE8]);
    let text = frame(0x81, Some([1, 2, 3, 4]), b"text");
    let cases: [(&str, &[u8], &[u8], bool); 6] = [
        ("a close frame", b"", &close, true),
        ("the first byte of a close frame", b"", &[0x88], true),
        ("no bytes", b"", b"", false),
        ("a message", b"", &text, false),
        (
            "a close frame behind a part of a message",
            &text[..7],
            &close,
            false,
        ),
        ("the rest of a close frame", &close[..1], &close[1..], false),
    ];
    for (name, before, bytes, expected) in cases {
        let mut server = open_server(lenient(1000));
        read_all(&mut server, before);
        assert_eq!(server.would_close(bytes), expected, "{name}");
    }
    assert!(!draft_server().would_close(&close));
    assert!(!requested_server(lenient(1000), &[]).would_close(&close));
}
