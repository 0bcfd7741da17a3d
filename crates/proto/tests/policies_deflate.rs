//! permessage-deflate with the policy of WebSocket-Node, an interface whose original has no
//! compression: negotiation, limits and checks.

use proto::connection::Connection;
use proto::extension::deflate::agreement::Agreed;
use proto::frame::mask::MaskKeys;
use proto::handshake::Version;
use proto::output::{Event, Form, Kind, Output};
use proto::policy::Policy;
use proto_testing::connections::{deflate_options, deflate_server};
use proto_testing::frames::{deflated, frame};
use proto_testing::script::{Script, script};
use zlib_rs::Deflate;

/// "Hello", RFC 7692 §7.2.3.1.
const HELLO: &str = "f248cdc9c90700";

const CHECKS: &[Script] = &[
    script(
        "a compressed message",
        node,
        "receive c107 f248cdc9c90700 8101 61",
        "message text \"Hello\"\nmessage text \"a\"",
    ),
    script(
        "a compressed message in fragments, with a ping between them",
        node,
        "receive 4103 f248cd 8901 41 0000 8004 c9c90700",
        "ping \"A\"\nmessage text \"Hello\"",
    ),
    script(
        "text is validated after inflation",
        node,
        "receive c103 fa0f00",
        "write 881d03ef \"Invalid UTF-8 Data Received\"
        error Invalid UTF-8 Data Received
        close 1007 Invalid UTF-8 Data Received",
    ),
    script(
        "RSV1 on a continuation",
        node,
        "receive 4103 f248cd c004 c9c90700",
        "write 883d03ea \"Unsupported usage of rsv bits without negotiated extension.\"
        error Unsupported usage of rsv bits without negotiated extension.
        close 1002 Unsupported usage of rsv bits without negotiated extension.",
    ),
    script(
        "RSV1 on a ping",
        node,
        "receive c900",
        "write 883d03ea \"Unsupported usage of rsv bits without negotiated extension.\"
        error Unsupported usage of rsv bits without negotiated extension.
        close 1002 Unsupported usage of rsv bits without negotiated extension.",
    ),
    script(
        "RSV2",
        node,
        "receive e107 f248cdc9c90700",
        "write 883d03ea \"Unsupported usage of rsv bits without negotiated extension.\"
        error Unsupported usage of rsv bits without negotiated extension.
        close 1002 Unsupported usage of rsv bits without negotiated extension.",
    ),
    script(
        "RSV1 without an agreement",
        plain_node,
        "receive c107 f248cdc9c90700",
        "write 883d03ea \"Unsupported usage of rsv bits without negotiated extension.\"
        error Unsupported usage of rsv bits without negotiated extension.
        close 1002 Unsupported usage of rsv bits without negotiated extension.",
    ),
    script(
        "the limit of frames applies to the compressed payload",
        small_frames,
        "receive c107 f248cdc9c90700 c108",
        "message text \"Hello\"
        write 883b03f1 \"Frame size of 8 bytes exceeds maximum accepted frame size\"
        error Frame size of 8 bytes exceeds maximum accepted frame size
        close 1009 Frame size of 8 bytes exceeds maximum accepted frame size",
    ),
    script(
        "the limit of messages applies to the inflated message, even of one frame",
        small_messages,
        "receive 8105 48656c6c6f c107 f248cdc9c90700",
        "message text \"Hello\"
        write 882003f1 \"Maximum message size exceeded.\"
        error Maximum message size exceeded.
        close 1009 Maximum message size exceeded.",
    ),
];

#[test]
fn the_rules_of_the_policy_apply_to_compressed_messages() {
    CHECKS.iter().for_each(Script::check);
}

#[test]
fn both_ends_compress_after_either_kind_of_handshake() {
    type End = (&'static str, fn() -> Connection);
    let ends: [End; 3] = [
        ("a server after an opening handshake", node),
        ("an established server", || {
            established(Policy::websocket_node_server())
        }),
        ("an established client", || {
            established(Policy::websocket_node_client(MaskKeys::new(|_| {})))
        }),
    ];
    for (name, end) in ends {
        let mut connection = end();
        connection.receive(&[&b"\xC1\x07"[..], &hello()].concat());
        let message = connection.poll_message().map(|message| message.payload);
        assert_eq!(message, Some(&b"Hello"[..]), "{name}");
        assert!(connection.send(Kind::Text, b"Hello"));
        let sent = connection.outbox().bytes();
        assert_eq!(sent.first(), Some(&0xC1), "{name}");
        assert!(sent.ends_with(&hello()), "{name}: {sent:02x?}");
        connection.outbox().clear();
        assert!(connection.send_in(Form::Plain, Kind::Text, b"Hello"));
        assert_eq!(connection.outbox().bytes().first(), Some(&0x81), "{name}");
    }
}

#[test]
fn a_compressed_message_is_fragmented_with_rsv1_on_its_first_frame() {
    let policy = Policy {
        fragment_at: Some(4),
        ..Policy::websocket_node_server()
    };
    let mut connection = established(policy);
    assert!(connection.send(Kind::Text, b"Hello"));
    let expected = b"\x41\x04\xF2\x48\xCD\xC9\x80\x03\xC9\x07\x00";
    assert_eq!(connection.outbox().bytes(), expected);
}

#[test]
fn a_decompression_bomb_fails_the_connection_at_the_limit() {
    let policy = Policy::websocket_node_server();
    let limit = policy.max_message;
    for (length, passes) in [(limit, true), (limit + 1, false), (60 * limit, false)] {
        let bomb = compressed(&vec![0; length]);
        assert!(bomb.len() < policy.max_frame, "{} bytes", bomb.len());
        for cut in [bomb.len() / 2, bomb.len()] {
            let first = frame(0x42, None, &bomb[..cut]);
            let rest = frame(0x80, None, &bomb[cut..]);
            let in_fragments = [first, rest].concat();
            let whole = frame(0xC2, None, &bomb);
            let bytes = if cut == bomb.len() {
                whole
            } else {
                in_fragments
            };
            let mut connection = established(policy.clone());
            connection.receive(&bytes);
            let expected = if passes { Ok(length) } else { Err(1009) };
            assert_eq!(outcome(&mut connection), expected, "{length} cut at {cut}");
        }
    }
}

/// Returns the length of the message, or the close code.
fn outcome(connection: &mut Connection) -> Result<usize, u16> {
    loop {
        match connection.poll() {
            Some(Output::Message(message)) => return Ok(message.payload.len()),
            Some(Output::Event(Event::Close { code, .. })) => return Err(code.unwrap_or(0)),
            Some(_) => {}
            None => panic!("neither a message nor a close"),
        }
    }
}

fn hello() -> Vec<u8> {
    proto_testing::notation::bytes(HELLO)
}

fn compressed(message: &[u8]) -> Vec<u8> {
    deflated(&mut Deflate::new(9, false, 15), message)
}

fn agreed() -> Agreed {
    let options = deflate_options("");
    let (_, agreed) = options
        .answer([&[][..]])
        .expect("an offer without parameters");
    agreed
}

fn established(policy: Policy) -> Connection {
    Connection::established(&policy, Version::Hybi13, Some(agreed()))
}

fn node() -> Connection {
    deflate_server(Policy::websocket_node_server(), "", "permessage-deflate")
}

fn plain_node() -> Connection {
    Connection::established(&Policy::websocket_node_server(), Version::Hybi13, None)
}

fn small_frames() -> Connection {
    established(Policy {
        max_frame: 7,
        ..Policy::websocket_node_server()
    })
}

fn small_messages() -> Connection {
    established(Policy {
        max_message: 4,
        ..Policy::websocket_node_server()
    })
}
