//! A mark after a message passes when the last byte of the message has passed, from any queue.

use proto::connection::Connection;
use proto::frame::Rsv;
use proto::hybi::prepared::Prepared;
use proto::output::{Event, Kind};
use proto::policy::Policy;

use proto_testing::connections::{
    client_policy, deflate_client, deflate_server, extended_server, new_client, open_client,
    open_server, requested_server,
};

const DEFLATE: &str = "permessage-deflate";
const ALONE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const LARGE: usize = 300_000;

fn send(connection: &mut Connection, payload: &[u8]) {
    assert!(connection.send(Kind::Text, payload));
    connection.mark();
}

/// Writes byte by byte. Returns the number of written bytes at which marks have passed.
fn write_all(connection: &mut Connection) -> Vec<(usize, usize)> {
    let mut passed = Vec::new();
    let mut written = 0;
    while !connection.outbox().is_empty() {
        connection.outbox().advance(1);
        written += 1;
        match connection.outbox().take_passed() {
            0 => {}
            marks => passed.push((written, marks)),
        }
    }
    passed
}

#[test]
fn each_mark_passes_at_the_end_of_its_message() {
    for (mut connection, header) in [
        (open_server(Policy::websocket_driver_server()), 2),
        (open_client(client_policy()), 6),
    ] {
        send(&mut connection, b"one");
        assert!(connection.send(Kind::Binary, b"no receipt comes here"));
        send(&mut connection, b"");
        let end = header + 3;
        let last = end + header + 21 + header;
        assert_eq!(write_all(&mut connection), [(end, 1), (last, 1)]);
    }
}

#[test]
fn marks_of_queued_messages_pass_after_the_handshake() {
    let mut server = requested_server(Policy::websocket_driver_server(), &[]);
    send(&mut server, b"one");
    assert!(server.ping(b"").expect("the payload is short"));
    send(&mut server, b"three");
    assert!(!server.outbox().has_passed());
    assert!(server.start().accepted);
    let length = server.outbox().bytes().len();
    assert_eq!(write_all(&mut server), [(length - 9, 1), (length, 1)]);

    let mut client = new_client(client_policy());
    send(&mut client, b"one");
    assert!(client.start().accepted);
    assert_eq!(write_all(&mut client), []);
}

#[test]
fn marks_of_large_messages_pass_when_the_messages_are_written() {
    let options = [("", DEFLATE), ("", ALONE)];
    for (options, offer) in options {
        for mut connection in [
            deflate_server(Policy::websocket_driver_server(), options, offer),
            deflate_client(client_policy(), options, offer),
        ] {
            connection.outbox().clear();
            send(&mut connection, &vec![b'x'; LARGE]);
            send(&mut connection, b"behind it");
            assert!(connection.send_prepared(&Prepared::new(Kind::Text, &vec![b'y'; LARGE])));
            connection.mark();
            assert!(connection.has_work());
            let mut passed = 0;
            for _ in 0..100 {
                if connection.has_work() {
                    assert!(connection.work().events.is_empty());
                }
                passed += write_all(&mut connection)
                    .iter()
                    .map(|(_, marks)| marks)
                    .sum::<usize>();
                assert!(passed < 3 || !connection.has_work());
            }
            assert_eq!(passed, 3);
        }
    }
}

#[test]
fn sessions_learn_which_messages_are_marked() {
    let mut server = extended_server(Policy::websocket_driver_server());
    assert!(server.send(Kind::Text, b"plain"));
    send(&mut server, b"marked");
    let marks: Vec<bool> = server
        .start()
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Outgoing { is_marked, .. } => Some(*is_marked),
            _ => None,
        })
        .collect();
    assert_eq!(marks, [false, true]);
    assert_eq!(write_all(&mut server), []);
    assert!(server.send_transformed(Kind::Text, Rsv::default(), b"marked"));
    server.mark();
    assert_eq!(write_all(&mut server), [(8, 1)]);
}

#[test]
fn marks_of_discarded_messages_never_pass() {
    let ends: [fn(&mut Connection); 2] = [Connection::abandon, |connection| {
        let _ = connection.discard_output();
    }];
    for end in ends {
        let mut server = open_server(Policy::websocket_driver_server());
        send(&mut server, b"lost");
        end(&mut server);
        assert!(!server.outbox().has_passed());
    }
}
